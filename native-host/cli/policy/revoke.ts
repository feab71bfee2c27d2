/** `sluice policy revoke`: take a policy back everywhere at once. */
import { parseArgs } from "node:util";
import type { Policy } from "../../../shared/policy/language.ts";
import { releasesIn, withRelease, writeList } from "../../policy/bundle/publish.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { publishedPolicy } from "../../policy/bundle/published-policy.ts";
import { channelName, done, publishedAt, signingKey, validFor } from "./repository.ts";
import { writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy revoke --out FOLDER --key KEY... [--channel stable] [--to REVISION] [--expires 90d] [--json]

Takes the newest policy of a channel back: publishes the one before it (the newest that was for everybody, or REVISION)
once more under a higher revision, for all computers at once. Computers never go back to a lower revision, so this is
the way back; each takes it at its next look, within about twenty minutes.

Exit codes: 0 done, 1 refused, 2 wrong usage or a file that cannot be read, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { out: { type: "string" }, key: { type: "string", multiple: true, default: [] }, channel: { type: "string", default: "stable" }, to: { type: "string" }, expires: { type: "string" }, json: { type: "boolean", default: false } } });
    if (values.out === undefined || values.key.length === 0) throw new Failure("name the folder and the key", { code: 2, fix: "sluice policy revoke --out site --key policy-2026.key" });
    const channel = channelName(values.channel);
    const keys = await Promise.all(values.key.map(signingKey));
    const repository = await publishedAt(values.out, keys);
    const releases = releasesIn(repository);
    const ours = releases.filter((each) => each.channel === channel).sort((a, b) => b.revision - a.revision);
    const [newest] = ours;
    if (!newest) throw new Failure(`nothing is published in the channel "${channel}"`, { code: 1, fix: "name another with --channel" });
    const to = values.to === undefined ? ours.find((each) => each !== newest && each.rollout === 100) : ours.find(({ revision }) => String(revision) === values.to);
    if (!to || to === newest) throw new Failure(values.to === undefined ? `there is nothing before revision ${newest.revision} in the list to go back to` : `revision ${values.to.slice(0, 20)} is not in the list, or is the newest itself`, { code: 1, fix: "publish a corrected policy with a higher revision instead: it reaches everybody as fast" });
    const text = done(await publishedPolicy(values.out, to));
    const policy: Policy = { ...text, revision: newest.revision + 1 };
    const change = withRelease(releases, { policy, channel, rollout: 100, failMode: to.failMode, graceDays: to.graceDays });
    done(await writeList({ folder: values.out, keys, now: Date.now(), ...validFor(values.expires) }, repository, change));
    if (values.json) writeJson(io, { channel, revoked: newest.revision, like: to.revision, revision: policy.revision });
    else io.stdout.write(`Revision ${newest.revision} of "${channel}" is taken back: ${policy.id}, revision ${policy.revision} (the same as ${to.revision}), is for every computer at once, in ${printable(values.out)}\n`);
    return 0;
  },
};
export default verb;
