/** Policies that come with Sluice: packs to include by name, and policies to start from. In the checkout they lie in docs/, beside the built host in policies/. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDERS = ["./policies/", "../../docs/policies/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** Text of a pack, or undefined where there is none of that name. */
export function packText(name: string): string | undefined {
  return /^[a-z0-9-]+$/.test(name) ? first(`packs/${name}.yaml`) : undefined;
}

export function starterText(name: string): string | undefined {
  return /^[a-z-]+$/.test(name) ? first(`${name}.yaml`) : undefined;
}

export function packNames(): string[] {
  return namesIn("packs/");
}

export function starterNames(): string[] {
  return namesIn("");
}

function first(path: string): string | undefined {
  for (const folder of FOLDERS) {
    try {
      return readFileSync(folder + path, "utf8");
    } catch {
      // The other place has it, or nobody.
    }
  }
  return undefined;
}

function namesIn(path: string): string[] {
  for (const folder of FOLDERS) {
    try {
      return readdirSync(folder + path).filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -".yaml".length)).sort();
    } catch {
      // The other place has them, or nobody.
    }
  }
  return [];
}
