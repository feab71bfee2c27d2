// Entry of every npm task (start, test, verify, bench): plain JavaScript that runs on a bare Node 20, prepares the machine step by step and then hands over to TypeScript on the Node that came with the dependencies.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CACHE = join(ROOT, ".cache");
const MODULES = join(ROOT, "node_modules");
const TASKS = ["start", "test", "verify", "bench"];
const CHECKS = ["types", "lint", "unit", "browser"];
/** With peers that `npm test` does not wait for. */
const LONG_CHECKS = ["peers", "conformance", "cycles"];
const CHECK_STEPS = { types: "Types", lint: "Lint", unit: "Unit tests", browser: "Browser tests", peers: "Real peers", conformance: "Conformance", cycles: "Kill cycles" };
/** The first Node that runs TypeScript files as they are. */
const OLDEST_RUNTIME = [22, 18];
/** Given to the second half, which runs on the newer Node. */
const SECOND_HALF = "--dependencies-ready";

/** A failure that a person can act on: its message is shown without a stack. */
class Advice extends Error {}

async function main(argv) {
  const second = argv[0] === SECOND_HALF;
  const [task, ...rest] = second ? argv.slice(1) : argv;
  if (!TASKS.includes(task)) throw new Advice(`Usage: node e2e/bootstrap.mjs <${TASKS.join("|")}> [--only ${[...CHECKS, ...LONG_CHECKS].join(",")}]`);
  const { only, args } = selection(task, rest);
  const plan = planOf(task, only);
  const progress = new Progress(plan);
  if (!second) return await firstHalf(progress, argv);
  progress.done = 1;
  return await secondHalf(task, only, args, progress);
}

function selection(task, rest) {
  const at = rest.findIndex((arg) => arg === "--only" || arg.startsWith("--only="));
  const known = [...CHECKS, ...LONG_CHECKS];
  if (at === -1 || (task !== "test" && task !== "verify")) return { only: task === "verify" ? known : CHECKS, args: rest };
  const inline = rest[at].startsWith("--only=");
  const wanted = (inline ? rest[at].slice("--only=".length) : (rest[at + 1] ?? "")).split(",").filter((name) => name !== "");
  const unknown = wanted.filter((name) => !known.includes(name));
  if (wanted.length === 0 || unknown.length > 0) throw new Advice(`--only takes one or more of ${known.join(", ")}, separated by commas${unknown.length > 0 ? `; "${unknown[0]}" is none of them` : ""}.`);
  return { only: known.filter((name) => wanted.includes(name)), args: rest.toSpliced(at, inline ? 1 : 2) };
}

/** Every step of a task, in order, so that each can say how many there are. */
function planOf(task, only) {
  const steps = ["Dependencies"];
  const checks = task === "test" || task === "verify";
  if (!checks || only.includes("browser")) steps.push("Browser");
  if (!checks || only.includes("browser") || only.includes("unit")) steps.push("Extension", "Native host", "Workbench page");
  if (checks) steps.push(...only.map((name) => CHECK_STEPS[name]));
  else steps.push({ start: "Start", bench: "Benchmark" }[task]);
  return steps;
}

/** Numbered lines: "1/6 Dependencies … ready (0.1 s)", with indented lines below for what takes long. */
class Progress {
  constructor(plan) {
    this.plan = plan;
    this.done = 0;
  }

  async step(name, run) {
    this.done += 1;
    if (this.plan[this.done - 1] !== name) throw new Error(`step ${name} is not in the plan ${this.plan.join(", ")}`);
    const start = performance.now();
    const heading = `${String(this.done)}/${String(this.plan.length)} ${name}`;
    let lines = 0;
    process.stdout.write(`${heading} … `);
    // An empty text only ends the heading's line, for a step whose own output follows.
    const say = (text) => {
      process.stdout.write(`${lines === 0 ? "\n" : ""}${text === "" ? "" : `    ${text}\n`}`);
      lines += 1;
    };
    const finish = (outcome) => process.stdout.write(`${lines === 0 ? "" : `${heading} … `}${outcome} (${seconds(start)})\n`);
    try {
      const outcome = await run(say);
      finish(outcome);
    } catch (error) {
      finish("failed");
      throw error;
    }
  }
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** On whatever Node started us: get the dependencies, then go on with the Node among them. */
async function firstHalf(progress, argv) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new Advice(`Sluice needs Node 20 or newer to start; this is Node ${process.versions.node}. Install a current one from https://nodejs.org and try again.`);
  let runtime = "";
  await progress.step("Dependencies", async (say) => {
    const outcome = dependenciesMatch() ? "ready" : await installDependencies(say);
    runtime = findRuntime(say);
    return outcome;
  });
  return await runToEnd(runtime, [fileURLToPath(import.meta.url), SECOND_HALF, ...argv]);
}

/** Compares what npm says it installed with what is locked, package by package. */
function dependenciesMatch() {
  const installed = packagesIn(join(MODULES, ".package-lock.json"));
  const locked = packagesIn(join(ROOT, "package-lock.json"));
  if (installed === null || locked === null) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === "") return true;
    const there = installed[path];
    // Optional packages for other systems are locked but not installed.
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

async function installDependencies(say) {
  if (!existsSync(join(ROOT, "package-lock.json"))) throw new Advice("package-lock.json is missing: this checkout is not complete.");
  const log = join(CACHE, "npm-ci.log");
  say("installing the locked packages with npm ci; this takes about half a minute (log: .cache/npm-ci.log)");
  const [command, ...args] = npmCommand(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=http"]);
  const code = await runLogged(command, args, log, say);
  if (code !== 0) throw new Advice(`npm ci failed with exit code ${String(code)}. More in .cache/npm-ci.log:\n\n${whatWentWrong(log)}`);
  return "installed";
}

/** The npm that started us, or the one on the path. */
function npmCommand(args) {
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.c?js$/.test(own) && existsSync(own)) return [process.execPath, own, ...args];
  return [process.platform === "win32" ? "npm.cmd" : "npm", ...args];
}

/** The Node that comes with the dependencies; where its install script did not run, a new enough one that started us will do. */
function findRuntime(say) {
  const file = join(MODULES, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  const found = existsSync(file) ? spawnSync(file, ["--version"], { encoding: "utf8" }).stdout?.trim() : undefined;
  if (found && newEnough(found)) return file;
  if (newEnough(process.versions.node)) {
    say(`the Node among the dependencies is missing (npm did not run its install script), going on with Node ${process.versions.node}`);
    return process.execPath;
  }
  throw new Advice(
    [
      found ? `The Node among the dependencies is ${found}, which is too old.` : "The Node 24 that Sluice runs on did not come with the dependencies: npm was told not to run install scripts.",
      "Do one of these, then try again:",
      "  npm rebuild node --ignore-scripts=false     lets this one package run its install script",
      `  or install Node ${OLDEST_RUNTIME.join(".")} or newer from https://nodejs.org`,
    ].join("\n"),
  );
}

function newEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major > OLDEST_RUNTIME[0] || (major === OLDEST_RUNTIME[0] && minor >= OLDEST_RUNTIME[1]);
}

/** On the newer Node, with everything installed: TypeScript from here on. */
async function secondHalf(task, only, args, progress) {
  if (progress.plan.includes("Browser")) {
    const { readyBrowser } = await import("./browser/ready.ts");
    await progress.step("Browser", async (say) => {
      const browser = await readyBrowser(process.env, say);
      return `${browser.name} ${browser.version}`;
    });
  }
  if (progress.plan.includes("Extension")) {
    const { buildExtension, buildHost, buildWorkbench } = await import("./build.ts");
    await progress.step("Extension", buildExtension);
    await progress.step("Native host", buildHost);
    await progress.step("Workbench page", buildWorkbench);
  }
  if (task === "test" || task === "verify") {
    const { runChecks } = await import("./checks.ts");
    return await runChecks(only, { whole: task === "verify", extra: args, step: (name, run) => progress.step(name, run) });
  }
  const script = join(ROOT, "e2e", `${task}.ts`);
  if (!existsSync(script)) throw new Advice(`This checkout has no e2e/${task}.ts yet, so there is nothing to run for "${task}".`);
  process.stdout.write(`${String(progress.plan.length)}/${String(progress.plan.length)} ${progress.plan.at(-1)}\n`);
  return await runToEnd(process.execPath, [script, ...args]);
}

/** Runs a command in our place: its output is ours, signals pass on, its exit code is ours. */
function runToEnd(command, args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: [join(MODULES, ".bin"), process.env.PATH ?? ""].join(delimiter) };
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env });
    // A Ctrl-C in a terminal reaches the child by itself; we only must outlive it to pass on its answer.
    process.on("SIGINT", () => undefined);
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** Runs a command with its output in a log file and a sign of life now and then. */
function runLogged(command, args, log, say) {
  mkdirSync(dirname(log), { recursive: true });
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const out = createWriteStream(log);
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], shell: command.endsWith(".cmd") });
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    const alive = setInterval(() => say(`still at it (${seconds(start)})`), 15_000);
    child.once("error", (error) => {
      clearInterval(alive);
      reject(new Advice(`${command} could not be started: ${error.message}. Is npm installed?`));
    });
    child.once("close", (code) => {
      clearInterval(alive);
      out.end(() => resolve(code ?? 1));
    });
  });
}

/** npm says what went wrong first and explains its options after. */
function whatWentWrong(log) {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const first = lines.findIndex((line) => /^npm (?:error|ERR!)/.test(line));
  return (first === -1 ? lines.slice(-20) : lines.slice(first, first + 20)).join("\n");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof Advice || (error instanceof Error && error.name === "Advice");
  process.stderr.write(`\n${known ? error.message : (error?.stack ?? String(error))}\n`);
  process.exitCode = 1;
}
