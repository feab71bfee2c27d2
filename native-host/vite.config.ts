/** Builds the host into `.output/host/sluice.mjs` and one lazy chunk a command, with nothing left to install beside it. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Packs and starters lie beside the bundle, as they are: they are read when somebody includes one. */
const policies: Plugin = {
  name: "sluice-policies",
  generateBundle() {
    const folder = new URL("../docs/policies/", import.meta.url);
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (name.endsWith(".yaml")) this.emitFile({ type: "asset", fileName: `policies/${name.replaceAll("\\", "/")}`, source: readFileSync(new URL(name, folder)) });
    }
  },
};

export default defineConfig({
  root,
  plugins: [policies],
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
