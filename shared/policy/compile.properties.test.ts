import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, policyDigest } from "./canonical.ts";
import { compile } from "./compile.ts";
import { ADMISSION_DEFAULT, type Decision, type Facts } from "./decision.ts";
import { exampleFacts } from "./example-facts.ts";
import type { Condition, Policy } from "./language.ts";
import { condition, facts, pick, policy, rule, SERVERS } from "./policy.fixture.ts";
import { plainly } from "./plain-evaluator.fixture.ts";
import { validatePolicy } from "./schema.ts";
import { compareEffects } from "./verdict.ts";

const decide = (written: Policy, about: Facts): Decision => compile(written, "local").decide(about);

function atLeastAsStrict(now: Decision, before: Decision): void {
  expect(compareEffects(now.effect, before.effect)).toBeGreaterThanOrEqual(0);
  expect(compareEffects(now.enforced, before.enforced)).toBeGreaterThanOrEqual(0);
  for (const { finding } of before.redactions) expect(now.redactions.map((each) => each.finding)).toContain(finding);
}

test("what is generated here is valid policy", () => {
  fc.assert(
    fc.property(policy, (written) => {
      expect(validatePolicy(JSON.parse(JSON.stringify(written)))).toMatchObject({ ok: true });
    }),
  );
});

test("the order of rules, entries and tools never changes a decision", () => {
  fc.assert(
    fc.property(policy, facts, fc.infiniteStream(fc.nat(10)), (written, about, dice) => {
      const shuffle = <T>(list: readonly T[]): T[] => list.map((each) => ({ each, at: dice.next().value as number })).sort((a, b) => a.at - b.at).map(({ each }) => each);
      const entries = shuffle(written.admission.servers).map((each) => ({ ...each, ...(each.tools && { tools: shuffle(each.tools) }) }));
      expect(decide({ ...written, admission: { ...written.admission, servers: entries }, rules: shuffle(written.rules) }, about)).toEqual(decide(written, about));
    }),
    { numRuns: 400 },
  );
});

test("one more restricting rule never loosens", () => {
  fc.assert(
    fc.property(policy, rule, facts, (written, more, about) => {
      fc.pre(more.effect !== "allow");
      atLeastAsStrict(decide({ ...written, rules: [...written.rules, { id: "more", ...more }] }, about), decide(written, about));
    }),
    { numRuns: 400 },
  );
});

// threat: rule-opens-server
test("one more allowing rule changes nothing, on listed and on unlisted servers", () => {
  fc.assert(
    fc.property(policy, rule, facts, (written, more, about) => {
      const before = decide(written, about);
      const now = decide({ ...written, rules: [...written.rules, { id: "more", ...more, effect: "allow" }] }, about);
      expect({ ...now, matched: [] }).toEqual({ ...before, matched: [] });
      expect(now.matched.some(({ id }) => id === ADMISSION_DEFAULT)).toBe(before.matched.some(({ id }) => id === ADMISSION_DEFAULT));
    }),
    { numRuns: 400 },
  );
});

test("one more exception spares at most its own rule", () => {
  fc.assert(
    fc.property(policy, condition, facts, (written, when, about) => {
      const now = decide({ ...written, exceptions: [...(written.exceptions ?? []), { rule: "r0", when, owner: "o", until: "2030-01-01", ticket: "t" }] }, about);
      atLeastAsStrict(now, decide({ ...written, rules: written.rules.slice(1), exceptions: [] }, about));
    }),
    { numRuns: 200 },
  );
});

function forget(about: Facts, what: string): Facts {
  const { channel } = about;
  const { server } = channel;
  switch (what) {
    case "authentication":
      return { ...about, authentication: "unknown" };
    case "unknownClasses":
      return { ...about, unknownClasses: ["*"] };
    case "version":
      return server.kind === "local" && server.package ? { ...about, channel: { ...channel, server: { ...server, package: { registry: server.package.registry, name: server.package.name } } } } : about;
    case "client":
      return channel.point === "page" ? about : { ...about, channel: { ...channel, client: { id: "client:unknown", name: "?" } } };
    default:
      return { ...about, [what]: undefined };
  }
}

test("a policy that passed the schema compiles, and so does its canonical text", () => {
  fc.assert(
    fc.property(policy, (written) => {
      const text = canonicalJson(written);
      const checked = validatePolicy(JSON.parse(text));
      if (!checked.ok) throw new Error(JSON.stringify(checked.why));
      expect(policyDigest(compile(checked.value, "local").policy)).toBe(policyDigest(written));
    }),
  );
});

// threat: policy-typo
test("one wrong letter in any key is refused", () => {
  fc.assert(
    fc.property(policy, fc.nat(), fc.nat(20), fc.constantFrom("x", "_", "e", "T"), (written, which, at, letter) => {
      const value = JSON.parse(JSON.stringify(written)) as object;
      const spots = keySpots(value);
      const { holder, key } = spots[which % spots.length]!;
      const wrong = key.slice(0, at % key.length) + letter + key.slice((at % key.length) + 1);
      fc.pre(wrong !== key && !(wrong in holder));
      holder[wrong] = holder[key];
      delete holder[key];
      expect(validatePolicy(value).ok, `${key} → ${wrong}`).toBe(false);
    }),
    { numRuns: 300 },
  );
});

type Holder = Record<string, unknown>;

/** Every key of the language; names that the author chose (labels, networks, styles) are none. */
function keySpots(value: unknown): { holder: Holder; key: string }[] {
  if (Array.isArray(value)) return value.flatMap(keySpots);
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...(key === "labels" || key === "networks" || key === "redaction" ? [] : keySpots(holder[key]))]);
}

test("the index finds what a plain look at every rule finds", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const { voices } = plainly(written, about);
      const { matched } = compile(written, "local").decide(about);
      expect(matched.map(({ id }) => id).toSorted()).toEqual(voices.toSorted());
    }),
    { numRuns: 600 },
  );
});

test("a hold is there exactly where somebody has to be asked", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const { enforced, hold } = decide(written, about);
      expect(hold?.kind).toBe(enforced === "coach" || enforced === "approve" ? enforced : undefined);
    }),
  );
});

test("what came near did not match, and is never the whole policy by accident", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const compiled = compile(written, "local");
      const { decision, near } = compiled.explainFully(about);
      expect(decision).toEqual(compiled.decide(about));
      const matched = new Set(decision.matched.map(({ id }) => id));
      expect(near.filter(({ id }) => matched.has(id))).toEqual([]);
      expect(near.every(({ failed }) => failed.length > 0)).toBe(true);
    }),
  );
});

test("knowing less never loosens", () => {
  fc.assert(
    fc.property(policy, facts, pick("tool", "prompt", "resource", "trust", "who", "method", "authentication", "protocolVersion", "unknownClasses", "arguments", "addresses", "rate", "bytes", "version", "client"), (written, about, hide) => {
      fc.pre(!((hide === "tool" || hide === "prompt" || hide === "resource" || hide === "arguments") && about[hide] === null));
      const now = decide(written, forget(about, hide));
      const before = decide(written, about);
      expect(compareEffects(now.effect, before.effect)).toBeGreaterThanOrEqual(0);
      expect(compareEffects(now.enforced, before.enforced)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 600 },
  );
});

test("what happened is never stricter than what policy said, and nothing beyond recording happens while watching", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const decision = decide(written, about);
      expect(compareEffects(decision.enforced, decision.effect)).toBeLessThanOrEqual(0);
      if (written.mode === "monitor") expect([compareEffects(decision.enforced, "monitor") <= 0, decision.redactions]).toEqual([true, []]);
      expect(decision.decidedBy === null).toBe(decision.effect === "allow");
    }),
  );
});

test("a connection that turns out to speak another transport is judged as that", () => {
  let transport: Facts["channel"]["transport"] = "streamable-http";
  const about = exampleFacts(SERVERS[0]!);
  const channel = {
    ...about.channel,
    get transport() {
      return transport;
    },
  };
  const written: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ id: "old", title: "T", when: { transport: "sse" }, effect: "block" }] };
  const compiled = compile(written, "local");
  expect(compiled.decide({ ...about, channel }).effect).toBe("allow");
  transport = "sse";
  expect(compiled.decide({ ...about, channel }).effect).toBe("block");
});

test("what a policy remembers of one connection changes no answer", () => {
  // One rule for everything that a rule may look at, so that an answer given to the wrong question shows.
  const conditions: Condition[] = [
    { method: "tools/list" }, { prompt: "p" }, { resource: "r" }, { protocolVersion: "2025-*" }, { authentication: "none" }, { direction: "to-server" }, { tool: "get_*" },
    { who: { user: "alice" } }, { who: { group: "red" } }, { who: { device: "d" } }, { server: { trust: { below: 50 } } }, { server: { riskLevel: ["critical"] } }, { data: { any: ["secret.*"] } },
    { network: "office" }, { time: { from: "22:00", to: "23:30", zone: "UTC" } }, { arguments: [{ at: "/path", glob: "/etc/*" }] }, { rate: { calls: { over: 3 }, per: "1m" } }, { rate: { bytes: { over: 3000 }, per: "1m" } },
  ];
  const all: Policy = {
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    networks: { office: ["10.0.0.0/8"] },
    admission: { default: "monitor", servers: [] },
    rules: conditions.map((when, at) => ({ id: `r${at}`, title: "T", when, effect: "monitor" })),
    exceptions: [{ rule: "r4", when: { method: "*" }, owner: "o", until: "2030-01-01", ticket: "t" }],
  };
  const channels = new Map(SERVERS.map((server) => [server, exampleFacts(server).channel]));
  const question = fc
    .record({
      about: facts,
      server: pick(...SERVERS.slice(0, 2)),
      method: pick("tools/call", "tools/list", undefined),
      prompt: pick(null, "p", "q"),
      resource: pick(null, "r", "s"),
      protocolVersion: pick(undefined, "2025-06-18", "2026-07-28"),
      who: pick(undefined, { user: "alice" }, { user: "bob" }, { groups: ["red"] }, { groups: ["red", "blue"] }, { groups: [] }, { device: "d" }, { device: "e" }),
      unplaced: fc.boolean(),
      began: pick(undefined, "tools/call", "tools/list"),
      now: pick(1, Date.UTC(2029, 11, 31), Date.UTC(2029, 11, 31, 22, 0), Date.UTC(2029, 11, 31, 23, 29, 59), Date.UTC(2029, 11, 31, 23, 30), Date.UTC(2030, 0, 3)),
      quiet: pick(true, true, true, false),
    })
    .map(({ about, server, quiet, ...rest }): Facts => ({ ...about, ...rest, channel: channels.get(server)!, ...(quiet ? { findings: [], unknownClasses: [] } : {}) }));
  const twoOf = fc.tuple(question, question).chain(([a, b]) => {
    // Mostly the same question, but for one thing: what a memory that looks at too little would get wrong.
    const fields = Object.keys(a) as (keyof Facts)[];
    return fc.constantFrom(...fields).map((field): Facts[] => [a, { ...a, [field]: b[field] }, a, b]);
  });
  fc.assert(
    fc.property(fc.oneof(policy, fc.constant(all), fc.constant(all)), fc.array(twoOf, { minLength: 1, maxLength: 4 }), (written, pairs) => {
      const remembering = compile(written, "local");
      for (const each of pairs.flat()) expect(remembering.decide(each)).toEqual(compile(written, "local").decide(each));
    }),
    { numRuns: 400 },
  );
});
