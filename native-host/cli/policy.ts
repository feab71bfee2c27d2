/** `sluice policy …`: finds the verb by name and loads nothing else. */
import { nearestWord } from "../../shared/policy/nearest-word.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";
import type { Verb } from "./policy/verb.ts";

const VERBS = {
  check: () => import("./policy/check.ts"),
  test: () => import("./policy/test.ts"),
  show: () => import("./policy/show.ts"),
  explain: () => import("./policy/explain.ts"),
  simulate: () => import("./policy/simulate.ts"),
  diff: () => import("./policy/diff.ts"),
  import: () => import("./policy/import.ts"),
  export: () => import("./policy/export.ts"),
  init: () => import("./policy/init.ts"),
  keygen: () => import("./policy/keygen.ts"),
  root: () => import("./policy/root.ts"),
  publish: () => import("./policy/publish.ts"),
  revoke: () => import("./policy/revoke.ts"),
  renew: () => import("./policy/renew.ts"),
  refresh: () => import("./policy/refresh.ts"),
} satisfies Record<string, () => Promise<{ default: Verb }>>;

const names: readonly string[] = Object.keys(VERBS);
const isVerb = (name: string): name is keyof typeof VERBS => Object.hasOwn(VERBS, name);

const command: Command = {
  summary: "Check, test, explain, compare, translate and publish policies",
  usage: `Usage: sluice policy <verb> [options]

  init --starter NAME        a policy to start from: watch, balanced or locked-down
  check FILE...              everything that is wrong with a policy, and what looks like a mistake
  test FILE                  runs the examples of a policy, and says which rules no example touches
  show                       the policy in force on this computer, and where it came from
  explain EVENT              why something was allowed, changed or blocked, and what would be said of it today
  simulate [--policy FILE]   what a policy would have done with what was recorded
  diff A B                   what is different between two policies, as written and as it would have come out
  import --from KIND FILE    a policy from the allow list of an AI client, or from a table of rules
  export --to KIND FILE      allow lists for AI clients, managed-mcp.json or a registry from a policy
  keygen NAME                a key pair that signs policies
  root                       the root of trust of a published folder: which keys may sign what
  publish FILE               checks, tests and signs a policy, and puts it where computers fetch it
  revoke                     takes the newest policy of a channel back, everywhere at once
  renew                      says anew that what is published is the newest; run it daily
  refresh                    looks for a newer policy now, and says what is in force and why

"sluice policy <verb> --help" tells more. All of them take --json.
Exit codes: 0 good, 1 the answer is no (problems, differences, failed examples), 2 wrong usage or a file that cannot
be read, 3 something broke.`,
  async usageOf([verb]) {
    return verb !== undefined && isVerb(verb) ? (await VERBS[verb]()).default.usage : undefined;
  },
  async run(argv, io: Io) {
    const [verb, ...rest] = argv;
    if (verb === undefined) throw new Failure("say what to do with the policy", { code: 2, fix: `one of: ${names.join(", ")}` });
    if (!isVerb(verb)) {
      const near = nearestWord(verb, names);
      throw new Failure(`there is no "sluice policy ${verb.slice(0, 40)}"`, { code: 2, fix: near ? `did you mean "sluice policy ${near}"?` : `one of: ${names.join(", ")}` });
    }
    return (await VERBS[verb]()).default.run(rest, io);
  },
};
export default command;
