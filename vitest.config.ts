import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["{shared,extension,native-host}/**/*.test.{ts,tsx}", "e2e/*.test.ts"], exclude: ["**/.output/**"], environment: "node" } },
      { test: { name: "e2e", include: ["e2e/{scenarios,workbench}/**/*.test.ts"], environment: "node", fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000 } },
    ],
  },
});
