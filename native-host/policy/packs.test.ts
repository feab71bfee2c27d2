import { expect, test } from "vitest";
import config from "../vite.config.ts";
import { packNames, starterNames } from "./packs.ts";

interface Emitting {
  readonly name: string;
  generateBundle(this: { emitFile(file: { readonly fileName: string }): void }): void;
}

test("the build puts every pack and starter beside the host, where it looks for them", () => {
  const plugin = ((config as { plugins: unknown[] }).plugins as Emitting[]).find(({ name }) => name === "sluice-policies");
  const files: string[] = [];
  plugin?.generateBundle.call({ emitFile: ({ fileName }) => void files.push(fileName) });
  expect(files.sort()).toEqual([...packNames().map((name) => `policies/packs/${name}.yaml`), ...starterNames().map((name) => `policies/${name}.yaml`)].sort());
  expect(files.length).toBeGreaterThan(5);
});
