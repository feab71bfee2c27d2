/** Builds the host into `.output/host/sluice.mjs` and one lazy chunk a command, with nothing left to install beside it. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  root,
  publicDir: false,
  // "module" before "main": jsonc-parser's main is UMD, whose inner requires no bundler can follow.
  resolve: { mainFields: ["module", "main"] },
  ssr: { noExternal: true, resolve: { mainFields: ["module", "main"] } },
  build: {
    ssr: "native-host/cli/main.ts",
    outDir: ".output/host",
    emptyOutDir: true,
    target: "node22",
    minify: true,
    rolldownOptions: {
      output: { format: "es", entryFileNames: "sluice.mjs", chunkFileNames: "[name]-[hash].mjs" },
    },
  },
});
