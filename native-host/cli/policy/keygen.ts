/** `sluice policy keygen`: a key pair that signs published policies. */
import { parseArgs } from "node:util";
import { createKeyFiles } from "../../policy/signing.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { writeJson, type Verb } from "./verb.ts";
import { writeNew } from "./write-new.ts";

const verb: Verb = {
  usage: `Usage: sluice policy keygen NAME [--json]

Makes an Ed25519 key pair: NAME.key (private; readable by you alone, not protected by a password) and NAME.pub (public;
give it to the computers that are to trust it). Nothing is overwritten.

Keep the private key offline, or in a secret store of your build system, and a copy of it elsewhere: there is no other
way to publish for computers that trust it. On Windows the file takes the rights of its folder: choose one that is yours.

Exit codes: 0 done, 2 wrong usage, or a file is there already, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { json: { type: "boolean", default: false } } });
    const [name, ...more] = positionals;
    if (name === undefined || more.length) throw new Failure("name the key pair", { code: 2, fix: "sluice policy keygen policy-2026" });
    const { keyid, secret, open } = createKeyFiles();
    const files = { private: `${name}.key`, public: `${name}.pub` };
    await writeNew(files.private, secret, 0o600);
    await writeNew(files.public, open);
    if (values.json) writeJson(io, { keyid, ...files });
    else io.stdout.write(`${printable(files.private)}  the private key: keep it to yourself\n${printable(files.public)}  the public key: computers that trust it take policies signed with the other\nKey id ${keyid}\n`);
    return 0;
  },
};
export default verb;
