/** `sluice deploy …`: files for administrators, and the look at what is in force. */
import { TARGETS } from "../deploy/target.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";

const PARTS = {
  target: () => import("./deploy/target.ts"),
  verify: () => import("./deploy/verify.ts"),
};

const command: Command = {
  summary: "Write the files that bring Sluice to many machines, and check a machine",
  usage: `Usage: sluice deploy TARGET --out FOLDER [options]
       sluice deploy verify [--browser NAME] [--json]

TARGET is a browser and a system (chrome, edge, brave, chromium or firefox; linux, macos or windows), or chrome-cloud:

${targetRows()}
It writes files and a README.txt with the steps, and changes nothing on this computer.
"sluice deploy TARGET --help" shows the options; "sluice deploy verify --help" tells what is checked.`,
  async usageOf([first]) {
    if (first === "verify") return (await PARTS.verify()).default.usage;
    return TARGETS.some(({ name }) => name === first) ? (await PARTS.target()).default.usage : undefined;
  },
  async run(argv, io: Io) {
    const [first, ...rest] = argv;
    if (first === undefined) throw new Failure("say what to write the files for", { code: 2, fix: 'for example "sluice deploy chromium-linux --out pilot …"; "sluice deploy --help" lists all targets' });
    return first === "verify" ? (await PARTS.verify()).default.run(rest, io) : (await PARTS.target()).default.run(argv, io);
  },
};
export default command;

function targetRows(): string {
  const names = TARGETS.map(({ name }) => name);
  const rows: string[] = [];
  for (let at = 0; at < names.length; at += 4) rows.push(`  ${names.slice(at, at + 4).map((name) => name.padEnd(18)).join("").trimEnd()}\n`);
  return rows.join("");
}
