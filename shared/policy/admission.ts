/** The first layer: may this client use this server, and this tool, at all? Only an entry that matches for certain satisfies the default. */
import { ADMISSION_DEFAULT } from "./decision.ts";
import type { AdmissionEntry, Effect, Policy } from "./language.ts";
import { globs, testAll, type Globs } from "./clause.ts";
import { compileCondition, type CompiledCondition, type Names } from "./conditions.ts";
import { nearMiss } from "./near.ts";
import { RuleIndex } from "./rule-index.ts";
import { and, type Truth } from "./truth.ts";
import { bareView, type Standing, type View } from "./view.ts";
import { compareEffects, isRestricting, type Voice } from "./verdict.ts";
import type { Facts, Near } from "./decision.ts";

interface ToolEntry {
  readonly name: Globs;
  readonly effect: Effect;
  readonly message: string | undefined;
}

interface CompiledEntry {
  readonly entry: AdmissionEntry;
  readonly condition: CompiledCondition;
  readonly tools: readonly ToolEntry[];
}

/** What an entry asks for, given the tool. */
interface Ask {
  readonly effect: Effect;
  readonly message: string | null;
  readonly clauses: readonly string[];
}

/** An entry that channel, direction and tool do not rule out, with what it asks for. */
export interface Candidate {
  readonly compiled: CompiledEntry;
  readonly fixed: Truth;
  readonly ask: Ask;
}

export interface AdmissionVerdict {
  readonly voices: readonly Voice[];
  readonly standing: Standing;
}

export interface Admission {
  /** What can be said from channel, direction and tool alone; may be kept for as long as those stay. */
  select(facts: Facts): readonly Candidate[];
  judge(facts: Facts, selected: readonly Candidate[]): AdmissionVerdict;
  near(facts: Facts): Near[];
}

export function compileAdmission(policy: Policy): Admission {
  const entries = policy.admission.servers.map(compileEntry);
  const byDefault: Voice = {
    kind: "admission",
    id: ADMISSION_DEFAULT,
    title: "This server is not on the list of known servers",
    effect: policy.admission.default,
    mode: policy.mode,
    clauses: ["server is not on the list"],
    message: policy.admission.message ?? null,
    learnMore: null,
    severity: null,
    redactions: [],
    words: policy.admission,
  };
  const index = new RuleIndex(entries, ({ entry }) => ({ server: entry.match, ...(entry.client && { client: entry.client }) }));
  return {
    select(facts) {
      const view = bareView(facts);
      const selected: Candidate[] = [];
      const consider = (compiled: CompiledEntry): void => {
        const fixed = testAll(compiled.condition.fixed, view);
        if (fixed !== false) selected.push({ compiled, fixed, ask: askOf(compiled, facts.tool) });
      };
      for (const compiled of index.general) consider(compiled);
      for (const compiled of index.named(facts, [])) consider(compiled);
      return selected;
    },
    judge(facts, selected) {
      const view = bareView(facts);
      const sure: Candidate[] = [];
      const maybe: Candidate[] = [];
      for (const candidate of selected) {
        const truth = and(candidate.fixed, testAll(candidate.compiled.condition.changing, view));
        if (truth === true) sure.push(candidate);
        else if (truth === undefined) maybe.push(candidate);
      }
      const voices = sure.map((candidate) => voiceOf(candidate, view, policy));
      for (const candidate of maybe) if (isRestricting(candidate.ask.effect)) voices.push(voiceOf(candidate, view, policy));
      if (sure.length === 0) voices.push(byDefault);
      return { voices, standing: standingOf(sure, maybe) };
    },
    near(facts) {
      const view = bareView(facts);
      return entries.flatMap(({ entry, condition }): Near[] => {
        const failed = nearMiss(condition.clauses, view);
        return failed === null ? [] : [{ kind: "admission", id: entry.id, title: entry.title ?? entry.id, effect: entry.effect, failed }];
      });
    },
  };
}

/** Entries are about server, client and person: nothing there goes by a label or a network. */
const NO_NAMES: Names = { labels: new Map(), networks: new Map() };

function compileEntry(entry: AdmissionEntry): CompiledEntry {
  const { who, client, match } = entry;
  return {
    entry,
    condition: compileCondition({ server: match, ...(who && { who }), ...(client && { client }) }, NO_NAMES),
    tools: (entry.tools ?? []).map((tool) => ({ name: globs(tool.name), effect: tool.effect, message: tool.message })),
  };
}

/** A listed tool takes the strictest effect that its name matches; an unlisted one, or a message about no tool, the entry's own. Of a tool that could not be read we assume the worst. */
function askOf({ entry, tools }: CompiledEntry, tool: string | null | undefined): Ask {
  const own: Ask = { effect: entry.effect, message: entry.message ?? null, clauses: [] };
  if (tool === null || tools.length === 0) return own;
  const asks = tools
    .filter(({ name, effect }) => (tool === undefined ? isRestricting(effect) : name.matches(tool)))
    .map((each): Ask => ({ effect: each.effect, message: each.message ?? entry.message ?? null, clauses: [tool === undefined ? "tool could not be read" : `tool ${each.name.text}`] }));
  if (tool === undefined) asks.push(own);
  if (asks.length === 0) return own;
  return asks.reduce((a, b) => (looserOrLater(a, b) ? b : a));
}

function looserOrLater(a: Ask, b: Ask): boolean {
  const order = compareEffects(a.effect, b.effect);
  return order !== 0 ? order < 0 : `${a.message ?? ""}\n${a.clauses.join()}` < `${b.message ?? ""}\n${b.clauses.join()}`;
}

function voiceOf({ compiled, ask }: Candidate, view: View, policy: Policy): Voice {
  const { entry, condition } = compiled;
  return {
    kind: "admission",
    id: entry.id,
    title: titleOf(entry, ask),
    effect: ask.effect,
    mode: policy.mode,
    clauses: [...condition.clauses.flatMap((clause) => clause.describe(view)), ...ask.clauses],
    message: ask.message,
    learnMore: null,
    severity: null,
    redactions: [],
    words: entry,
  };
}

/** Whoever is blocked reads this first: it says what may not be done, not only where. */
function titleOf(entry: AdmissionEntry, ask: Ask): string {
  const name = entry.title ?? entry.id;
  if (ask.effect !== "block") return name;
  return ask.clauses.length ? `This tool may not be used on ${name}` : `${name} may not be used`;
}

/** A server is sanctioned when, among the strictest of the entries that match, one says so and none denies it. An entry of which we cannot tell, and which could change that, makes it unknown. */
function standingOf(sure: readonly Candidate[], maybe: readonly Candidate[]): Standing {
  const winners = strictest(sure);
  const says = (candidates: readonly Candidate[]): boolean =>
    candidates.some(({ compiled }) => compiled.entry.sanctioned === true) && !candidates.some(({ compiled }) => compiled.entry.sanctioned === false);
  const sanctioned = says(winners);
  const couldChange = maybe.some((candidate) => {
    const order = winners.length === 0 ? 1 : compareEffects(candidate.ask.effect, winners[0]!.ask.effect);
    return order >= 0 && says(order > 0 ? [candidate] : [...winners, candidate]) !== sanctioned;
  });
  return {
    entries: new Set(sure.map(({ compiled }) => compiled.entry.id)),
    maybe: new Set(maybe.map(({ compiled }) => compiled.entry.id)),
    sanctioned: couldChange ? undefined : sanctioned,
  };
}

function strictest(candidates: readonly Candidate[]): Candidate[] {
  if (candidates.length === 0) return [];
  const top = candidates.map(({ ask }) => ask.effect).reduce((a, b) => (compareEffects(a, b) >= 0 ? a : b));
  return candidates.filter(({ ask }) => ask.effect === top);
}
