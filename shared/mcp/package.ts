/** Which package a runner command starts, read from its arguments alone. A policy may allow a server by this name, so the name must not be borrowed: where an argument could make the runner start something else, there is no identity. */

/** Package behind a local command: `npx -y @scope/name@1.2.3` → npm, `@scope/name`, `1.2.3`. */
export interface PackageIdentity {
  readonly registry: "npm" | "pypi" | "oci";
  readonly name: string;
  /** Absent: the command takes whatever is newest ("unpinned"). */
  readonly version?: string;
}

interface Runner {
  readonly registry: "npm" | "pypi";
  /** Words of the command line up to the runner's own arguments. */
  readonly words: readonly string[];
}

const RUNNERS: readonly Runner[] = [
  ...[["npx"], ["bunx"], ["pnpx"], ["npm", "exec"], ["npm", "x"], ["pnpm", "dlx"], ["pnpm", "exec"], ["yarn", "dlx"], ["bun", "x"]].map((words) => ({ registry: "npm" as const, words })),
  ...[["uvx"], ["uv", "tool", "run"], ["pipx", "run"]].map((words) => ({ registry: "pypi" as const, words })),
];

/** Flags that change nothing about what is started. Any other flag before the package may: `--registry`, `-c`, `--index-url`, a second `-p`. */
const HARMLESS = new Set(["-y", "--yes", "-q", "--quiet", "-s", "--silent", "--prefer-offline", "--prefer-online", "--offline", "--", "--isolated", "--refresh", "--no-cache"]);

export function packageOf(command: string, args: readonly string[]): PackageIdentity | undefined {
  if (command === "docker" || command === "podman") return imageOf(args);
  const line = [command, ...args];
  const runner = RUNNERS.find(({ words }) => words.every((word, i) => line[i] === word));
  if (!runner) return undefined;
  const rest = line.slice(runner.words.length);
  let at = 0;
  while (HARMLESS.has(rest[at] ?? "")) at++;
  const from = /^(?:-p|--package|--from|--spec)(?:=(.+))?$/s.exec(rest[at] ?? "");
  if (!from) return packageSpec(runner.registry, rest[at]);
  // `npx -p package program`: the program must be the package's own namesake, or it could be anything on the machine.
  const spec = from[1] ?? rest[++at];
  const found = packageSpec(runner.registry, spec);
  do at++;
  while (HARMLESS.has(rest[at] ?? ""));
  return found && rest[at] === found.name.slice(found.name.lastIndexOf("/") + 1) ? found : undefined;
}

const NPM_SPEC = /^(@[a-z0-9][\w.-]*\/[a-z0-9][\w.-]*|[a-z0-9][\w.-]*)(?:@([^:/\\\s]*))?$/i;
const PYPI_SPEC = /^([a-z0-9](?:[\w.-]*[a-z0-9])?)(?:\[[\w,.-]+\])?(?:(?:==|@)([^:/\\\s,]*))?$/i;
/** A version, a range or a tag. */
const FROM_REGISTRY = /^(?:[\^~=<>]{0,2}v?\d[\w.+*-]*|[a-z][a-z0-9-]*|[*x])?$/i;
/** npm takes these for files of the current folder, also behind `name@` (npm-package-arg, `isFileName`). */
const ARCHIVE = /\.(?:tgz|tar|tar\.gz)$/i;

/** `name@npm:other`, `name@https://…`, `name@.`, `name@x.tgz`, folders and git addresses start something else than `name` from the registry. */
function packageSpec(registry: "npm" | "pypi", spec: string | undefined): PackageIdentity | undefined {
  const match = (registry === "npm" ? NPM_SPEC : PYPI_SPEC).exec(spec ?? "");
  if (!match) return undefined;
  const [, name = "", version = ""] = match;
  if (!FROM_REGISTRY.test(version) || ARCHIVE.test(version) || ARCHIVE.test(name)) return undefined;
  return /^v?\d[\w.+-]*$/.test(version) && !/(?:^|\.)[x*](?:\.|$)/i.test(version) ? { registry, name, version } : { registry, name };
}

const IMAGE_SWITCHES = new Set(["-i", "-t", "-it", "-ti", "-d", "--rm", "--init", "--interactive", "--tty", "--read-only", "--privileged", "--detach"]);
const IMAGE_VALUES = new Set(["-e", "--env", "-v", "--volume", "--mount", "--name", "-p", "--publish", "--network", "--net", "-w", "--workdir", "-u", "--user", "--env-file", "--add-host", "--platform", "-l", "--label", "--memory", "-m", "--cpus", "--cap-drop", "--cap-add", "--security-opt", "--pull", "--tmpfs"]);

const ENVIRONMENT_FLAG = /^(?:-e|--env)$/;

/** Variables that make a runner, a runtime or the system's loader fetch or run something else than the command says. */
const STEERING = /^(?:npm_config_|yarn_|pnpm_|bun_|corepack_|node_|uv_|pip_|pipx_|python|ld_|dyld_|docker_|container_|xdg_|(?:bash_env|env|path|pathext|comspec|home|userprofile|appdata|localappdata)=)/i;

/** Does `NAME=value` change what a command starts? */
export function steersLaunch(assignment: string): boolean {
  return STEERING.test(assignment);
}

/** The image of `docker run …`. `--entrypoint` and flags that are not known end the search. */
function imageOf(args: readonly string[]): PackageIdentity | undefined {
  if (args[0] !== "run") return undefined;
  let at = 1;
  for (; (args[at] ?? "").startsWith("-"); at++) {
    const arg = args[at]!;
    const [flag = "", value = ""] = arg.includes("=") ? [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)] : [arg, args[at + 1]];
    if (ENVIRONMENT_FLAG.test(flag) && value.includes("=") && STEERING.test(value)) return undefined;
    if (IMAGE_VALUES.has(arg)) at++;
    else if (!IMAGE_SWITCHES.has(arg) && !IMAGE_VALUES.has(arg.split("=")[0]!)) return undefined;
  }
  const image = args[at];
  if (!image || /\s/.test(image)) return undefined;
  const digest = image.indexOf("@");
  if (digest > 0) return { registry: "oci", name: image.slice(0, digest), version: image.slice(digest + 1) };
  const tag = image.lastIndexOf(":");
  if (tag <= image.lastIndexOf("/")) return { registry: "oci", name: image };
  const version = image.slice(tag + 1);
  const name = image.slice(0, tag);
  return version === "latest" ? { registry: "oci", name } : { registry: "oci", name, version };
}
