/** Windows cannot run here, so its two readers stand here as models: cmd.exe (variables, carets, quotes, operators; twice, for the line and for the command file's `%*`) and CommandLineToArgvW. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { windowsLaunch } from "./windows-launch.ts";

const ENV = { ComSpec: "C:\\Windows\\system32\\cmd.exe", PATH: 'C:\\Windows;"C:\\Program Files\\nodejs"', PATHEXT: ".COM;.EXE;.BAT;.CMD", a: "EXPANDED", x: "EXPANDED" };
const FILES = new Set(["C:\\Program Files\\nodejs\\npx.CMD", "C:\\Program Files\\nodejs\\node.EXE", "C:\\tools\\my server.cmd", "C:\\100% tools\\go.bat"]);
const launch = (command: string, args: readonly string[]) => windowsLaunch(command, args, ENV, (path) => [...FILES].some((file) => file.toLowerCase() === path.toLowerCase()));

/** Phase 1 of cmd.exe on a command line: `%NAME%`, `%NAME:~1,2%` and `%NAME:a=b%` of a variable that is set are replaced, others stay as they are. */
function expandVariables(line: string): string {
  const names = new Map(Object.entries(ENV).map(([name, value]) => [name.toLowerCase(), value]));
  let out = "";
  for (let at = 0; at < line.length; at++) {
    const close = line[at] === "%" ? line.indexOf("%", at + 1) : -1;
    const colon = close < 0 ? -1 : line.slice(at + 1, close).indexOf(":");
    const name = line.slice(at + 1, colon < 0 ? close : at + 1 + colon).toLowerCase();
    if (close > at + 1 && names.has(name)) {
      out += names.get(name);
      at = close;
    } else out += line[at];
  }
  return out;
}

/** Phase 2: carets escape outside of quotes, quotes switch, operators outside of quotes would start another command. */
function readCarets(line: string): string {
  let out = "";
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '"') quoted = !quoted;
    if (char === "^" && !quoted) {
      out += line[++at] ?? "";
      continue;
    }
    if (!quoted && /[&|<>()\n]/.test(char)) throw new Error(`cmd.exe would act on ${char} in ${line}`);
    out += char;
  }
  return out;
}

/** Where the first word of a line ends, before carets are read. */
function splitCommand(line: string): [string, string] {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === "^" && !quoted) at++;
    else if (!quoted && /[\s,;=]/.test(line[at]!)) return [line.slice(0, at), line.slice(at)];
  }
  return [line, ""];
}

/** The Microsoft C runtime's rules. */
function commandLineToArgv(line: string): string[] {
  const argv: string[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === " " || line[at] === "\t") at++;
    if (at >= line.length) return argv;
    let word = "";
    for (let quoted = false; at < line.length && (quoted || (line[at] !== " " && line[at] !== "\t")); ) {
      let slashes = 0;
      for (; line[at] === "\\"; at++) slashes++;
      if (line[at] !== '"') {
        word += "\\".repeat(slashes);
        if (slashes === 0) word += line[at++];
        continue;
      }
      word += "\\".repeat(slashes >> 1);
      if (slashes % 2) word += '"';
      else if (quoted && line[at + 1] === '"') word += line[++at];
      else quoted = !quoted;
      at++;
    }
    argv.push(word);
  }
}

/** What a program sees that a command file starts with `program %*`. */
function throughCmd(args: readonly string[]): { command: string; argv: string[] } {
  expect(args.slice(0, 3)).toEqual(["/d", "/s", "/c"]);
  const whole = args.slice(3).join(" ");
  expect(whole).toMatch(/^"[\s\S]*"$/); // `/s`: the first and the last quote go, all between stays
  const line = expandVariables(whole.slice(1, -1));
  // The line is read as a whole: words are told apart while carets still stand.
  const [command, rest] = splitCommand(line);
  const percentStar = readCarets(rest);
  // `%*` is put in behind the search for variables; carets and quotes are read again.
  return { command: readCarets(command).replace(/^"(.*)"$/, "$1"), argv: commandLineToArgv(readCarets(` ${percentStar}`)) };
}

const nasty = fc.string({ unit: fc.constantFrom('"', " ", "%", "^", "&", "|", "<", ">", "(", ")", "!", "\\", ",", ";", "=", ":", "~", "0", "a", "x", "PATH", "é", "😀", "'", "`", "*", "?", "\t", "$", "-"), maxLength: 16 });

test("through a command file, a program gets the very arguments", () => {
  fc.assert(
    fc.property(fc.constantFrom("npx", "npx.cmd", "C:\\tools\\my server.cmd", "C:\\100% tools\\go.bat"), fc.array(nasty, { maxLength: 5 }), (command, args) => {
      const { file, args: handed, verbatim } = launch(command, args);
      expect({ file, verbatim }).toEqual({ file: ENV.ComSpec, verbatim: true });
      expect(throughCmd(handed)).toEqual({ command, argv: [...args] });
    }),
    { numRuns: 2000, examples: [["npx", ["%PATH:~0,9%", "%a%", "%%a%%", 'say "hi"', "C:\\dir\\", 'C:\\dir\\"', "", "a&calc", "^", "100%"]]] },
  );
});

test("the model is one that sees mistakes: unescaped, arguments would be changed or run", () => {
  const plain = (arg: string): string[] => ["/d", "/s", "/c", `"npx "${arg}""`];
  expect(throughCmd(plain("%PATH%")).argv).not.toEqual(["%PATH%"]);
  expect(throughCmd(plain("%a:~0,3%")).argv).not.toEqual(["%a:~0,3%"]);
  expect(() => throughCmd(plain('x" & calc "'))).toThrow("act on &");
});

test("programs start directly, with Node's own quoting", () => {
  for (const command of ["node", "node.exe", "C:\\elsewhere\\server.exe", "not-installed"]) {
    expect(launch(command, ["a b", '"']), command).toEqual({ file: command, args: ["a b", '"'], verbatim: false });
  }
});

test("names of variables ignore case, and a missing PATHEXT is the usual one", () => {
  const { file } = windowsLaunch("npx", [], { Path: "C:\\n", comspec: "D:\\cmd.exe" }, (path) => path.toLowerCase() === "c:\\n\\npx.cmd");
  expect(file).toBe("D:\\cmd.exe");
});

test("a line break cannot be handed over, and is refused rather than cut", () => {
  expect(() => launch("npx", ["a\nb"])).toThrow("line break");
});
