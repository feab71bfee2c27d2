/** From a launch command as a configuration writes it to the server it really starts. Discovery and the guard both come through here, so one server has one id. */
import { commandName, localServer, type LocalServerIdentity } from "./identity.ts";
import { maskArguments } from "./mask-arguments.ts";
import { steersLaunch } from "./package.ts";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

/** `cmd` reads these wherever they stand, so that more than one program would start. */
const SHELL_SIGNS = /[&|<>^\r\n]/;

/** Peels off wrappers that only start another program: `cmd /c npx …` (the Windows idiom) and `env NAME=value npx …`. One that also changes what is started stays: the server behind it is not the one it names. */
export function unwrapShim(launch: Launch): Launch {
  let { command, args } = launch;
  for (let depth = 0; depth < 4; depth++) {
    const name = commandName(command).toLowerCase();
    let at = 0;
    if (name === "cmd") {
      while (/^\/[a-z]$/i.test(args[at] ?? "") && !/^\/c$/i.test(args[at] ?? "")) at++;
      if (!/^\/c$/i.test(args[at] ?? "") || args.some((arg) => SHELL_SIGNS.test(arg))) break;
      at++;
    } else if (name === "env") {
      while (/^[A-Za-z_][A-Za-z0-9_]*=/.test(args[at] ?? "")) at++;
      if (args.slice(0, at).some(steersLaunch)) break;
    } else break;
    const inner = args[at];
    // `cmd /c "npx -y thing & more"` is a shell line, and `env -i …` has flags we do not know: both stay as they are.
    if (inner === undefined || inner.startsWith("-") || /[\s&|<>^]/.test(commandName(inner))) break;
    command = inner;
    args = args.slice(at + 1);
  }
  return { command, args };
}

/** Records refuse longer ones; the id is made from the whole command line all the same. */
const MAX_ARGUMENTS = 256;
const MAX_ARGUMENT_CHARS = 2048;
const MAX_NAME_CHARS = 200;

/** Identity of the server that this command starts: shims peeled off, secrets masked, bounded. */
export function launchedServer(command: string, args: readonly string[]): LocalServerIdentity {
  const inner = unwrapShim({ command, args });
  const whole = localServer(inner.command, maskArguments(inner.args));
  const found = whole.package;
  return {
    kind: "local",
    id: whole.id,
    command: clip(whole.command, MAX_NAME_CHARS),
    args: whole.args.slice(0, MAX_ARGUMENTS).map((arg) => clip(arg, MAX_ARGUMENT_CHARS)),
    ...(found ? { package: { registry: found.registry, name: clip(found.name, MAX_NAME_CHARS), ...(found.version === undefined ? {} : { version: clip(found.version, MAX_NAME_CHARS) }) } } : {}),
  };
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

export type Unwrapped =
  | { readonly kind: "plain"; readonly launch: Launch }
  | { readonly kind: "guarded"; readonly launch: Launch }
  | { readonly kind: "guarded-url"; readonly url: string };

/** Is this launch already `sluice guard -- …`? Then what stands inside is the server. */
export function unwrapGuard(launch: Launch): Unwrapped {
  const outer = unwrapShim(launch);
  const args = guardArguments(outer);
  if (!args) return { kind: "plain", launch: outer };
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  const command = end < 0 ? undefined : args[end + 1];
  if (command !== undefined) return { kind: "guarded", launch: unwrapShim({ command, args: args.slice(end + 2) }) };
  const flag = options.findIndex((option) => option === "--url" || option.startsWith("--url="));
  const url = flag < 0 ? undefined : options[flag] === "--url" ? options[flag + 1] : options[flag]?.slice("--url=".length);
  return url === undefined ? { kind: "plain", launch: outer } : { kind: "guarded-url", url };
}

/** Arguments behind `guard`, when the launch is ours. A relative path (`./sluice`) may be anybody's file and does not count. */
function guardArguments({ command, args }: Launch): readonly string[] | undefined {
  const name = commandName(command).toLowerCase();
  if (name === "sluice") return isOurs(command) && args[0] === "guard" ? args.slice(1) : undefined;
  if (name === "npx" || name === "bunx") {
    const first = args.findIndex((arg) => !arg.startsWith("-"));
    return args[first] === "sluice" && args[first + 1] === "guard" ? args.slice(first + 2) : undefined;
  }
  if (name !== "node" && name !== "nodejs") return undefined;
  const script = args.findIndex((arg) => !arg.startsWith("-"));
  const file = args[script] ?? "";
  return /[/\\]sluice(\.mjs|\.js|\.cjs)?$/.test(file) && isOurs(file) && args[script + 1] === "guard" ? args.slice(script + 2) : undefined;
}

function isOurs(path: string): boolean {
  return !/[/\\]/.test(path) || /^(\/|\\\\|[A-Za-z]:[/\\])/.test(path);
}
