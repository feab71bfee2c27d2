/** From a written condition to clauses, cheapest first. */
import type { Condition } from "./language.ts";
import { textClause, type Clause } from "./clause.ts";
import { dataClause, type DataClause } from "./data-clause.ts";
import { argumentClause } from "./argument-clause.ts";
import { networkClause, rateClause, timeClause, unseenClause, type Networks } from "./situation-clauses.ts";
import { clientClauses, serverClauses, whoClauses } from "./server-clauses.ts";

export interface CompiledCondition {
  /** In the order in which people read them: who, with whom, what. */
  readonly clauses: readonly Clause[];
  /** Answers that depend on channel, direction and tool alone. */
  readonly fixed: readonly Clause[];
  /** Answers that change from message to message. */
  readonly changing: readonly Clause[];
  readonly data: DataClause | null;
  /** Looks at something that is another thing in every message: arguments, what passed before. */
  readonly passing: boolean;
  /** Changes its answer as time goes by. */
  readonly timed: boolean;
}

/** What a policy gives names to. */
export interface Names {
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly networks: Networks;
}

export function compileCondition(condition: Condition, { labels, networks }: Names): CompiledCondition {
  const clauses: Clause[] = [];
  if (condition.who) clauses.push(...whoClauses(condition.who));
  if (condition.client) clauses.push(...clientClauses(condition.client));
  if (condition.server) clauses.push(...serverClauses(condition.server));
  if (condition.method !== undefined) clauses.push(methodClause(condition.method));
  if (condition.tool !== undefined) clauses.push(textClause("tool", condition.tool, ({ facts }) => (facts.unplaced ? undefined : facts.tool), { fixed: true }));
  if (condition.prompt !== undefined) clauses.push(textClause("prompt", condition.prompt, ({ facts }) => (facts.unplaced ? undefined : facts.prompt)));
  if (condition.resource !== undefined) clauses.push(textClause("resource", condition.resource, ({ facts }) => (facts.unplaced ? undefined : facts.resource)));
  for (const match of condition.arguments ?? []) clauses.push(argumentClause(match));
  if (condition.direction !== undefined) clauses.push(textClause("direction", condition.direction, ({ facts }) => facts.direction, { fixed: true }));
  if (condition.transport !== undefined) clauses.push(textClause("transport", condition.transport, ({ facts }) => facts.channel.transport, { fixed: true }));
  if (condition.protocolVersion !== undefined) clauses.push(textClause("protocol version", condition.protocolVersion, ({ facts }) => facts.protocolVersion));
  if (condition.authentication !== undefined) clauses.push(textClause("authentication", condition.authentication, ({ facts }) => (facts.authentication === "unknown" ? undefined : facts.authentication)));
  if (condition.network !== undefined) clauses.push(networkClause(condition.network, networks));
  if (condition.time !== undefined) clauses.push(timeClause(condition.time));
  if (condition.rate !== undefined) clauses.push(rateClause(condition.rate));
  if (condition.threat !== undefined) clauses.push(unseenClause("threat findings"));
  if (condition.flow !== undefined) clauses.push(unseenClause("flow marks"));
  const data = condition.data ? dataClause(condition.data, labels) : null;
  if (data) clauses.push(data);
  return { clauses, fixed: clauses.filter((clause) => clause.fixed), changing: clauses.filter((clause) => !clause.fixed), data, passing: condition.arguments !== undefined || condition.rate !== undefined, timed: condition.time !== undefined };
}

/** A task's result is that of the request which began it, whatever brings it. */
function methodClause(patterns: string | readonly string[]): Clause {
  const own = textClause("method", patterns, ({ facts }) => facts.method);
  const began = textClause("method", patterns, ({ facts }) => facts.began ?? null);
  return { ...own, test: (view) => began.test(view) === true || own.test(view) };
}
