/** `sluice policy init`: a policy to start from. */
import { parseArgs } from "node:util";
import { starterNames, starterText } from "../../policy/packs.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { writeJson, type Verb } from "./verb.ts";
import { writeNew } from "./write-new.ts";

const verb: Verb = {
  usage: `Usage: sluice policy init --starter NAME [--out FILE] [--json]

Writes a policy to start from. Change it, check it, test it.

  --starter watch        nothing is stopped, everything is recorded
  --starter balanced     people go on working; secrets are taken out, dangerous things stopped, doubtful ones asked
  --starter locked-down  only listed servers
  --out FILE             default policy.yaml; "-" prints it; nothing is overwritten

Exit codes: 0 done, 2 wrong usage, or the file is there already, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { starter: { type: "string" }, out: { type: "string", default: "policy.yaml" }, json: { type: "boolean", default: false } } });
    const all = starterNames();
    const text = values.starter === undefined ? undefined : starterText(values.starter);
    if (text === undefined) throw new Failure(values.starter === undefined ? "say which one" : `there is no starter "${printable(values.starter, 40)}"`, { code: 2, fix: `--starter one of: ${all.join(", ")}` });
    // Whoever starts here is not in Sluice's own folder, where the schema lies beside.
    const own = text.replace(/^# yaml-language-server: .*\n#?\n?/, "");
    if (values.out !== "-") await writeNew(values.out, own);
    if (values.json) writeJson(io, { starter: values.starter, out: values.out === "-" ? null : values.out, ...(values.out === "-" && { text: own }) });
    else if (values.out === "-") io.stdout.write(own);
    else io.stdout.write(`${printable(values.out)} is written. Next: sluice policy check ${printable(values.out)}, then sluice policy simulate --policy ${printable(values.out)}\n`);
    return 0;
  },
};
export default verb;
