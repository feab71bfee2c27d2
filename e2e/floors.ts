/** The import-floor lint: imports point down, the rooms stay apart, and what is pure stays pure. Run it as `node e2e/floors.ts`. */
import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { extname, join, posix, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./places.ts";
import { importsOf, type Import } from "./imports.ts";

export type FloorRule = "parse" | "path" | "shared-alone" | "shared-order" | "rooms-apart" | "page-small" | "no-node" | "no-e2e" | "no-test-code" | "seen-by-nobody";

export interface Violation {
  /** Relative to the repository, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly rule: FloorRule;
  readonly problem: string;
  readonly fix: string;
}

/** Files by their path relative to the repository. */
export type SourceTree = ReadonlyMap<string, string>;

const ROOMS = ["shared", "extension", "native-host", "e2e"] as const;

/** The floors of shared/, from the ground up: each may import those before it. */
export const FLOORS = ["base", "mcp", "inspect", "policy", "events", "inventory", "gate", "messages"] as const;

/** Types that may be imported from a floor above, each with its reason. A new line here is a decision, not a repair. */
const TYPES_FROM_ABOVE: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
  { from: "shared/inspect/data/", to: "shared/policy/decision.ts", reason: "redaction carries out what a decision says; the instruction's shape belongs to the decision" },
  { from: "shared/inspect/data/", to: "shared/policy/language.ts", reason: "styles of redaction are words of the policy language" },
];

/** Starts the built bundle, whose path only the checkout knows. */
const STARTERS = "native-host/bin/";

const PACKAGES_IN_SHARED = [/^@noble\/hashes\//, /^zod\/mini$/];

/** Every import that breaks a floor rule. */
export function checkFloors(tree: SourceTree): Violation[] {
  const found = [...tree].flatMap(([file, source]) => checkFile(file, source));
  const silent = ROOMS.filter((room) => ![...tree.keys()].some((file) => file.startsWith(`${room}/`)));
  const unseen = silent.map((room): Violation => ({ file: room, line: 0, rule: "seen-by-nobody", problem: `no source file was found in ${room}/, so nothing was checked there`, fix: "run the lint on the whole checkout, or correct ROOMS in e2e/floors.ts" }));
  return [...found, ...unseen];
}

/** One violation as a line for people and editors. */
export function printViolation(violation: Violation): string {
  return `${violation.file}:${String(violation.line)}: ${violation.problem} [floors/${violation.rule}]\n    fix: ${violation.fix}`;
}

function checkFile(file: string, source: string): Violation[] {
  const parsed = importsOf(file, source);
  if (!parsed.ok) return [{ file, line: 1, rule: "parse", problem: `cannot be parsed: ${parsed.why}`, fix: "correct the syntax" }];
  return parsed.value.flatMap((one) => {
    const broken = judge(file, one);
    return broken === null ? [] : [{ file, line: one.line, ...broken }];
  });
}

type Broken = Pick<Violation, "rule" | "problem" | "fix">;

function judge(file: string, one: Import): Broken | null {
  const { specifier } = one;
  if (specifier === null) {
    if (!inProduct(file) || isTestCode(file) || file.startsWith(STARTERS)) return null;
    return { rule: "path", problem: "imports from a computed path, which no check can follow", fix: "name each module that may be loaded in an import() of its own" };
  }
  if (/^(?:\/|~|#|@\/|@@\/|file:)/.test(specifier)) return { rule: "path", problem: `imports "${specifier}" by alias or absolute path, which hides the floor`, fix: "import by relative path with the .ts extension" };
  if (!specifier.startsWith(".")) return judgePackage(file, specifier);
  const target = resolveFrom(file, specifier);
  return judgeTestCode(file, target) ?? judgeRooms(file, target) ?? judgePage(file, target) ?? judgeShared(file, target, one.typeOnly);
}

function judgePackage(file: string, specifier: string): Broken | null {
  if (isTestCode(file) || !inProduct(file)) return null;
  const browserSide = file.startsWith("shared/") || (file.startsWith("extension/") && !isBuildCode(file));
  if (browserSide && isNodeModule(specifier)) {
    return { rule: "no-node", problem: `imports ${specifier}, but this code runs in the browser`, fix: "take what you need as an argument; Node belongs in native-host/, extension/build/ and e2e/" };
  }
  if (file.startsWith("shared/") && !PACKAGES_IN_SHARED.some((allowed) => allowed.test(specifier))) {
    return { rule: "shared-alone", problem: `imports the package ${specifier}`, fix: "shared/ uses @noble/hashes and zod/mini alone; anything else comes in as an argument" };
  }
  if (file.startsWith("extension/page/")) {
    return { rule: "page-small", problem: `imports the package ${specifier} into the page's world`, fix: "page code uses extension/page/ and shared/messages/page.ts alone, because everything in it lies open to the page" };
  }
  return null;
}

function judgeTestCode(file: string, target: string): Broken | null {
  if (isTestCode(file) || !inProduct(file) || !isTestCode(target)) return null;
  return { rule: "no-test-code", problem: `product code imports test code (${target})`, fix: "move what both need into a file of its own that is no test" };
}

function judgeRooms(file: string, target: string): Broken | null {
  const room = roomOf(file);
  const other = roomOf(target);
  if (room === other || room === "e2e") return null;
  if (room === "shared") return { rule: "shared-alone", problem: `shared/ imports ${target}`, fix: "shared/ imports nothing above itself: move the code down, or take it as an argument" };
  if (other === "e2e") return isTestCode(file) ? null : { rule: "no-e2e", problem: `product code imports ${target}`, fix: "move what the product needs out of e2e/" };
  if (other === "shared" || target === "package.json") return null;
  return { rule: "rooms-apart", problem: `${room} imports ${target}`, fix: "extension and native-host meet only in shared/messages: type what they say there" };
}

function judgePage(file: string, target: string): Broken | null {
  if (!file.startsWith("extension/page/") || isTestCode(file)) return null;
  if (target.startsWith("extension/page/") || target === "shared/messages/page.ts") return null;
  return { rule: "page-small", problem: `imports ${target} into the page's world`, fix: "page code uses extension/page/ and shared/messages/page.ts alone, because everything in it lies open to the page" };
}

function judgeShared(file: string, target: string, typeOnly: boolean): Broken | null {
  if (!file.startsWith("shared/") || !target.startsWith("shared/") || isTestCode(file)) return null;
  const [mine, theirs] = [floorOf(file), floorOf(target)];
  if (mine === -1 || theirs === -1) return { rule: "shared-order", problem: `${mine === -1 ? file : target} is on no floor of shared/`, fix: `put it on one of: ${FLOORS.join(", ")}; a new floor needs its place in FLOORS and in DESIGN.md` };
  if (theirs <= mine) return null;
  if (typeOnly && TYPES_FROM_ABOVE.some(({ from, to }) => file.startsWith(from) && target === to)) return null;
  return { rule: "shared-order", problem: `shared/${String(FLOORS[mine])} imports ${typeOnly ? "a type " : ""}from shared/${String(FLOORS[theirs])}, a floor above it (${target})`, fix: "move the code to the lower floor, or hand it in as an argument from above" };
}

function resolveFrom(file: string, specifier: string): string {
  const bare = specifier.replace(/[?#].*$/, "");
  const joined = posix.join(posix.dirname(file), bare);
  return posix.extname(joined) === "" ? `${joined}.ts` : joined;
}

function roomOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}

function floorOf(path: string): number {
  const name = path.split("/")[1] ?? "";
  return (FLOORS as readonly string[]).indexOf(name);
}

function inProduct(path: string): boolean {
  return roomOf(path) !== "e2e";
}

function isTestCode(path: string): boolean {
  return /(?:^|\/)fixtures\.tsx?$|\.(?:test|bench|fixture|samples)\.tsx?$/.test(path);
}

/** Runs when the extension is built, not in a browser. */
function isBuildCode(path: string): boolean {
  return path.startsWith("extension/build/") || path === "extension/wxt.config.ts";
}

const BUILT_IN: ReadonlySet<string> = new Set(builtinModules);

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith("node:") || BUILT_IN.has(specifier);
}

/** Reads every source file of the checkout; ambient declarations import nothing at run time and are left out. */
export function readSources(root: string = ROOT): SourceTree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "node_modules" && !entry.name.startsWith(".")) visit(path);
      } else if ([".ts", ".tsx", ".mts", ".js", ".mjs"].includes(extname(entry.name)) && !entry.name.endsWith(".d.ts")) {
        tree.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
      }
    }
  };
  for (const room of ROOMS) visit(join(root, room));
  return tree;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const tree = readSources();
  const violations = checkFloors(tree);
  for (const violation of violations) process.stderr.write(`${printViolation(violation)}\n`);
  if (violations.length === 0) process.stdout.write(`floors: ${String(tree.size)} files, every import points down\n`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
