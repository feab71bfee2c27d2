/** The policy language at the border: untrusted values in, a `Policy` or a list of problems out. A typo must never open the gate. */
import * as z from "zod/mini";
import { fail, ok, type Result } from "../base/result.ts";
import { ENGINE, REDACTION_STYLES, UNKNOWN_FACTS, type Policy, type PolicyPart, type PolicySource } from "./language.ts";
import { problemsOf } from "./schema-problems.ts";
import { authentication, clientMatch, condition, confidence, direction, pattern, patterns, score, serverMatch, transport, whoMatch } from "./schema-conditions.ts";
import { crossCheck } from "./schema-checks.ts";
import { duration, identifier, line, link, many, strict, whole, word } from "./strict-schema.ts";

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  /** Where, from the top; for an unknown key the key itself comes last. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What to write instead. */
  readonly fix?: string;
}

const effect = word("effect", ["allow", "monitor", "redact", "coach", "approve", "block"]);
const admissionEffect = word("effect", ["allow", "monitor", "coach", "approve", "block"], { redact: "cannot decide whether a server may be used" });
const mode = word("mode", ["monitor", "enforce"]);
const severity = word("severity", ["low", "medium", "high", "critical"]);
const style = word("style", REDACTION_STYLES);

const hold = {
  override: z.optional(strict({ reason: z.optional(word("reason", ["required", "optional", "none"])), for: z.optional(duration("call", "session")), raw: z.optional(z.boolean()) })),
  approve: z.optional(strict({ offer: z.optional(many(duration("once", "session"), 10)), within: z.optional(duration()) })),
};

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
  ...hold,
});

const given = strict({
  server: z.optional(line(2000)),
  client: z.optional(line()),
  user: z.optional(line()),
  groups: z.optional(z.array(line())),
  device: z.optional(line()),
  method: z.optional(line()),
  tool: z.optional(line()),
  prompt: z.optional(line()),
  resource: z.optional(line(2000)),
  arguments: z.optional(z.record(z.string(), z.unknown())),
  direction: z.optional(direction),
  data: z.optional(many(z.union([line(), strict({ class: line(), count: z.optional(whole(1, 1000)), confidence: z.optional(confidence) })]))),
  transport: z.optional(transport),
  protocolVersion: z.optional(line(20)),
  authentication: z.optional(authentication),
  trust: z.optional(score),
  at: z.optional(line(40)),
  addresses: z.optional(z.array(line(64))),
  calls: z.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  bytes: z.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  unknown: z.optional(many(word("fact", UNKNOWN_FACTS))),
});

const rule = strict({
  id: identifier(),
  title: line(),
  when: condition,
  unless: z.optional(condition),
  effect,
  mode: z.optional(mode),
  style: z.optional(style),
  message: z.optional(line(1000)),
  learnMore: z.optional(link()),
  severity: z.optional(severity),
  owner: z.optional(line()),
  tests: z.optional(z.array(strict({ given, expect: effect }))),
  ...hold,
});

const exception = strict({ rule: identifier(), when: condition, owner: line(), until: line(), ticket: line() });

const named = { version: z.literal(1, { error: ({ input }) => (typeof input === "number" && input > 1 ? `language version ${input} is newer than this build; update Sluice` : "must be 1") }), id: identifier(), title: z.optional(line()) };
const positive = whole(1, Number.MAX_SAFE_INTEGER);
const include = z.optional(many(z.union([line(1000), strict({ team: line(1000) })]), 100));
const minEngine = z.optional(positive);
const body = {
  support: z.optional(strict({ name: z.optional(line()), url: z.optional(link()), text: z.optional(line(1000)) })),
  labels: z.optional(z.record(z.string(), many(pattern))),
  networks: z.optional(z.record(z.string(), many(line(64)))),
  redaction: z.optional(z.record(z.string(), z.union([style, strict({ style, restoreFor: z.optional(serverMatch) })]))),
};
const rules = z.array(rule).check(z.maxLength(5000, "has more than 5000 rules"));
const servers = z.array(admissionEntry).check(z.maxLength(5000, "has more than 5000 entries"));
const exceptions = z.optional(z.array(exception));

/** Zod schema of what people write; `validatePolicy` adds what a shape cannot say. */
export const policyShape = strict({
  ...named,
  revision: positive,
  minEngine,
  include,
  mode,
  ...body,
  admission: strict({ default: admissionEffect, message: z.optional(line(1000)), servers, ...hold }),
  rules,
  exceptions,
});

/** Zod schema of a file that others include. */
export const policyPartShape = strict({
  ...named,
  revision: z.optional(positive),
  minEngine,
  include,
  mode: z.optional(mode),
  ...body,
  admission: z.optional(strict({ default: z.optional(admissionEffect), message: z.optional(line(1000)), servers: z.optional(servers), ...hold })),
  rules: z.optional(rules),
  exceptions,
});

/** Checks a value from outside. All problems are reported at once; with any problem the whole policy is refused. */
export function validatePolicy(value: unknown): Result<Policy, PolicyProblem[]> {
  const read = validateSource(value);
  if (!read.ok) return read;
  const { include: parts, ...policy } = read.value;
  if (parts) return fail([{ path: ["include"], message: "what this policy includes has not been put into it", fix: 'let "sluice policy publish" put the files together, or remove "include"' }]);
  const problems = crossCheck(policy);
  return problems.length ? fail(problems) : ok(policy);
}

/** Checks the shape of a policy that may include others. What goes across files (ids, labels) is checked once they are merged. */
export function validateSource(value: unknown): Result<PolicySource, PolicyProblem[]> {
  return shaped(policyShape, value);
}

/** Checks the shape of a file that a policy includes. */
export function validatePart(value: unknown): Result<PolicyPart, PolicyProblem[]> {
  return shaped(policyPartShape, value);
}

function shaped<T>(shape: z.ZodMiniType<T>, value: unknown): Result<T, PolicyProblem[]> {
  const tooNew = newerThanThisBuild(value);
  if (tooNew) return fail([tooNew]);
  const parsed = shape.safeParse(value);
  return parsed.success ? ok(parsed.data) : fail(problemsOf(parsed.error.issues, value));
}

/** Asked first: a policy for a newer engine is bound to contain words that this one does not know, and "unknown key" would send people looking for a typo. */
function newerThanThisBuild(value: unknown): PolicyProblem | undefined {
  if (typeof value !== "object" || value === null || !("minEngine" in value)) return undefined;
  const wanted = value.minEngine;
  if (typeof wanted !== "number" || wanted <= ENGINE) return undefined;
  return { path: ["minEngine"], message: `this policy needs engine ${wanted}, and this build has engine ${ENGINE}`, fix: "update Sluice" };
}
