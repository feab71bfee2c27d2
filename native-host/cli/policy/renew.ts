/** `sluice policy renew`: say anew that what is published is the newest. */
import { parseArgs } from "node:util";
import { renew } from "../../policy/bundle/publish.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { done, publishedAt, signingKey } from "./repository.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy renew --out FOLDER --key KEY... [--json]

Signs a new timestamp, which says for seven more days that what is published is the newest. Run it daily from a build
system, with the online key: computers notice within a week when somebody holds newer policies back.

Exit codes: 0 done, 1 refused, 2 wrong usage or a file that cannot be read, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { out: { type: "string" }, key: { type: "string", multiple: true, default: [] }, json: { type: "boolean", default: false } } });
    if (values.out === undefined || values.key.length === 0) throw new Failure("name the folder and the key", { code: 2, fix: "sluice policy renew --out site --key online.key" });
    const keys = await Promise.all(values.key.map(signingKey));
    const { version } = done(await renew({ folder: values.out, keys, now: Date.now() }, await publishedAt(values.out, keys)));
    if (values.json) writeJson(io, { timestamp: version });
    else io.stdout.write(`Timestamp ${version} is in ${printable(values.out)}; it holds for seven days\n`);
    return 0;
  },
};
export default verb;
