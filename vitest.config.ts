import process from "node:process";
import { defineConfig } from "vitest/config";

/** `npm run verify` looks longer than `npm test`. */
const patience = process.env["SLUICE_VERIFY"] === "1" ? 600_000 : 30_000;

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["{shared,extension,native-host}/**/*.test.{ts,tsx}", "e2e/*.test.ts"], exclude: ["**/.output/**"], environment: "node", setupFiles: ["e2e/property-runs.ts"], testTimeout: patience } },
      { test: { name: "e2e", include: ["e2e/{scenarios,workbench}/**/*.test.ts"], environment: "node", fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000 } },
    ],
  },
});
