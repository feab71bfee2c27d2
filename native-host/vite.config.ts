/** Builds the host into `.output/host/sluice.mjs` and lazy chunks a command, with nothing left to install beside it. A guard's way to its first message is one chunk to start the server and one for the rest: each file more costs a millisecond. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A file and all of ours that it imports at once. */
function closureOf(...entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = entries.map((entry) => join(root, entry));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, target] of readFileSync(file, "utf8").matchAll(/^(?:import|export)(?! type)[^;]*? from "(\.[^"]+)";/gm)) open.push(join(dirname(file), target!));
  }
  return found;
}

const start = closureOf("native-host/cli/guard.ts", "native-host/guard/stdio.ts");
const gate = closureOf("native-host/guard/bridge.ts");

/** Names the policy checks of this build: what one build has let pass, another has to look at again. */
const checks = createHash("sha256");
for (const file of globSync("shared/policy/**/*.ts", { cwd: root }).sort()) if (!file.endsWith(".test.ts")) checks.update(readFileSync(join(root, file)));

/**
 * Node's own modules as they are, without the wrapping that an `import` of them gets: that asks every lazy part of the module for itself
 * (all of webcrypto for one random number, worker threads for `parseArgs`), some thirty milliseconds of a guard's start.
 */
const bareBuiltins: Plugin = {
  name: "bare-builtins",
  renderChunk(code) {
    return code.replace(/^import\s*([^;"]+?)\s*from\s*"(node:[\w/]+)";/gm, (_, names: string, module: string) => {
      const left = names.startsWith("{") ? names.replaceAll(/ as /g, ": ") : names.replace(/^\* as /, "");
      return `const ${left} = globalThis.process.getBuiltinModule("${module}");`;
    });
  },
};

/** One character beyond ASCII makes all of a file's text twice as long in memory, and slower to compile. Escapes mean the same in strings and patterns, and nowhere else do such characters stand once the comments are gone. */
const asciiOnly: Plugin = {
  name: "ascii-only",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) if (chunk.type === "chunk") chunk.code = chunk.code.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  },
};

/** Packs and starters lie beside the bundle, as they are: they are read when somebody includes one. */
const policies: Plugin = {
  name: "sluice-policies",
  generateBundle() {
    for (const name of globSync("**/*.yaml", { cwd: join(root, "docs/policies") })) {
      this.emitFile({ type: "asset", fileName: `policies/${name.replaceAll("\\", "/")}`, source: readFileSync(join(root, "docs/policies", name)) });
    }
  },
};

export default defineConfig({
  plugins: [bareBuiltins, asciiOnly, policies],
  root,
  publicDir: false,
  define: { SLUICE_POLICY_CHECKS: JSON.stringify(checks.digest("hex")) },
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
      output: {
        format: "es",
        entryFileNames: "sluice.mjs",
        chunkFileNames: "[name]-[hash].mjs",
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "guard", test: (id: string) => start.has(id), priority: 2 },
            { name: "gate", test: (id: string) => gate.has(id) || id.includes("@noble/hashes"), priority: 1 },
          ],
        },
      },
    },
  },
});
