/** The policy language at the border: untrusted values in, a `Policy` or a list of problems out. A typo must never open the gate. */
import * as z from "zod/mini";
import { fail, ok, type Result } from "../base/result.ts";
import { ENGINE, type Policy } from "./language.ts";
import { problemsOf } from "./schema-problems.ts";
import { crossCheck } from "./schema-checks.ts";
import { identifier, line, link, many, oneOrMany, strict, word } from "./strict-schema.ts";

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  /** Where, from the top; for an unknown key the key itself comes last. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What to write instead. */
  readonly fix?: string;
}

const LATER_EFFECTS = ["coach", "approve"];
const LATER_CONDITIONS = ["arguments", "time", "rate", "flow", "threat", "network"];
const LATER_RULE_KEYS = ["coach", "override"];

const effect = word("effect", ["allow", "monitor", "redact", "block"], LATER_EFFECTS);
const admissionEffect = word("effect", ["allow", "monitor", "block"], LATER_EFFECTS, { redact: "cannot decide whether a server may be used" });
const mode = word("mode", ["monitor", "enforce"]);
const riskLevel = word("risk level", ["low", "moderate", "elevated", "high", "critical"]);
const severity = word("severity", ["low", "medium", "high", "critical"]);
const direction = word("direction", ["to-server", "to-client"]);
const confidence = word("confidence", ["low", "medium", "high"]);
const point = word("point", ["page", "stdio", "http"]);
const transport = word("transport", ["stdio", "streamable-http", "sse", "websocket", "message-port"]);
const authentication = word("authentication", ["none", "bearer", "other"]);
const pattern = line(500);
const patterns = oneOrMany(pattern);

const score = z.int("must be a whole number from 0 to 100").check(z.gte(0, "must be 0 or more"), z.lte(100, "must be 100 or less"));
const count = z.int("must be a whole number").check(z.gte(1, "must be 1 or more"), z.lte(1_000_000, "must be 1,000,000 or less"));

const serverMatch = strict(
  {
    id: z.optional(patterns),
    url: z.optional(patterns),
    command: z.optional(many(pattern, 100)),
    package: z.optional(patterns),
    kind: z.optional(word("kind", ["remote", "local"])),
    sanctioned: z.optional(z.boolean()),
    trust: z.optional(strict({ below: z.optional(score), atLeast: z.optional(score) })),
    riskLevel: z.optional(oneOrMany(riskLevel)),
  },
  LATER_CONDITIONS,
);

const clientMatch = strict({ id: z.optional(patterns), point: z.optional(oneOrMany(point)) });
const whoMatch = strict({ user: z.optional(patterns), group: z.optional(patterns), device: z.optional(patterns) });
const dataMatch = strict({ any: many(pattern), minConfidence: z.optional(confidence), minCount: z.optional(count) });

const condition = strict(
  {
    who: z.optional(whoMatch),
    client: z.optional(clientMatch),
    server: z.optional(serverMatch),
    method: z.optional(patterns),
    tool: z.optional(patterns),
    prompt: z.optional(patterns),
    resource: z.optional(patterns),
    direction: z.optional(direction),
    data: z.optional(dataMatch),
    transport: z.optional(oneOrMany(transport)),
    protocolVersion: z.optional(patterns),
    authentication: z.optional(oneOrMany(authentication)),
  },
  LATER_CONDITIONS,
);

const admissionEntry = strict({
  id: identifier(),
  title: z.optional(line()),
  match: serverMatch,
  client: z.optional(clientMatch),
  who: z.optional(whoMatch),
  effect: admissionEffect,
  sanctioned: z.optional(z.boolean()),
  owner: z.optional(line()),
  tools: z.optional(many(strict({ name: patterns, effect: admissionEffect, message: z.optional(line(1000)) }))),
  message: z.optional(line(1000)),
});

const ruleTest = strict({
  given: strict({ tool: z.optional(line()), server: z.optional(line(2000)), direction: z.optional(direction), data: z.optional(many(line())) }),
  expect: effect,
});

const rule = strict(
  {
    id: identifier(),
    title: line(),
    when: condition,
    unless: z.optional(condition),
    effect,
    mode: z.optional(mode),
    style: z.optional(word("style", ["placeholder", "mask"])),
    message: z.optional(line(1000)),
    learnMore: z.optional(link()),
    severity: z.optional(severity),
    owner: z.optional(line()),
    tests: z.optional(z.array(ruleTest)),
  },
  LATER_RULE_KEYS,
);

const exception = strict({ rule: identifier(), when: condition, owner: line(), until: line(), ticket: line() });

/** Zod schema of a policy's shape; `validatePolicy` adds what a shape cannot say. */
export const policyShape = strict({
  version: z.literal(1, { error: ({ input }) => (typeof input === "number" && input > 1 ? `language version ${input} is newer than this build; update Sluice` : "must be 1") }),
  id: identifier(),
  title: z.optional(line()),
  revision: z.int("must be a whole number").check(z.gte(1, "must be 1 or more")),
  minEngine: z.optional(z.int("must be a whole number").check(z.gte(1, "must be 1 or more"))),
  mode,
  support: z.optional(strict({ name: z.optional(line()), url: z.optional(link()), text: z.optional(line(1000)) })),
  labels: z.optional(z.record(z.string(), many(pattern))),
  admission: strict({
    default: admissionEffect,
    message: z.optional(line(1000)),
    servers: z.array(admissionEntry).check(z.maxLength(5000, "has more than 5000 entries")),
  }),
  rules: z.array(rule).check(z.maxLength(5000, "has more than 5000 rules")),
  exceptions: z.optional(z.array(exception)),
});

/** Checks a value from outside. All problems are reported at once; with any problem the whole policy is refused. */
export function validatePolicy(value: unknown): Result<Policy, PolicyProblem[]> {
  const tooNew = newerThanThisBuild(value);
  if (tooNew) return fail([tooNew]);
  const parsed = policyShape.safeParse(value);
  if (!parsed.success) return fail(problemsOf(parsed.error.issues, value));
  const policy: Policy = parsed.data;
  const problems = crossCheck(policy);
  return problems.length ? fail(problems) : ok(policy);
}

/** Asked first: a policy for a newer engine is bound to contain words that this one does not know, and "unknown key" would send people looking for a typo. */
function newerThanThisBuild(value: unknown): PolicyProblem | undefined {
  if (typeof value !== "object" || value === null || !("minEngine" in value)) return undefined;
  const wanted = value.minEngine;
  if (typeof wanted !== "number" || wanted <= ENGINE) return undefined;
  return { path: ["minEngine"], message: `this policy needs engine ${wanted}, and this build has engine ${ENGINE}`, fix: "update Sluice" };
}
