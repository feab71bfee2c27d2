/**
 * The lane for what comes again: a call like one that was judged a moment ago and found clean, and the answer to it. The decision
 * stands for as long as nothing that a rule may look at has changed, so that all that is left to do before the message goes on is to
 * see that it is such a one. Its record is made afterwards, when somebody asks for the records.
 */
import { RECORD_VERSION, type MessageRecord, type Recorder } from "../events/record.ts";
import { opposite, type AuthenticationSeen, type Channel, type Direction } from "../mcp/channel.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Decision, Facts } from "../policy/decision.ts";
import type { Exchange, Exchanges } from "./exchanges.ts";
import type { Glance } from "./skimming.ts";
import { isSameSubject, type Names, type SubjectFacts } from "./summary.ts";

/** Everything besides the message itself that a decision may look at. */
export interface Situation {
  readonly policy: CompiledPolicy;
  readonly protocolVersion: string | null;
  readonly authentication: AuthenticationSeen;
  readonly who: Facts["who"];
}

/** A decision, and how long it stands. */
interface Standing extends Situation {
  readonly decision: Decision;
  /** Unix milliseconds: from the first one on, before the second. */
  readonly from: number;
  readonly until: number;
}

/** Messages of one method about one thing. */
interface Route {
  readonly method: string;
  readonly subject: SubjectFacts;
  readonly names: Names;
  request: Standing | null;
  response: Standing | null;
}

/** A message that has passed and has no record yet. */
export interface Passed {
  readonly direction: Direction;
  readonly exchange: RoutineExchange;
  readonly kind: "request" | "response";
  readonly bytes: number;
  readonly decision: Decision;
  readonly failed: boolean | undefined;
  readonly time: number;
}

/** What every record of a channel says of it. */
export type Place = { readonly channel: string } & Pick<Channel, "point" | "transport" | "client" | "server">;

/** A server can invent tool names without end. */
const MAX_ROUTES = 256;

export class RoutineExchange implements Exchange {
  readonly requestId: string;
  readonly startedAt: number;
  readonly sure = true;
  readonly begun = null;
  readonly era = "legacy";
  readonly route: Route;
  readonly #newId: (ms: number) => string;
  #id: string | null = null;

  constructor(route: Route, requestId: string, startedAt: number, newId: (ms: number) => string) {
    this.route = route;
    this.requestId = requestId;
    this.startedAt = startedAt;
    this.#newId = newId;
  }

  get id(): string {
    return (this.#id ??= this.#newId(this.startedAt));
  }

  get chain(): string {
    return this.id;
  }

  get method(): string {
    return this.route.method;
  }

  get subject(): SubjectFacts {
    return this.route.subject;
  }

  get names(): Names {
    return this.route.names;
  }
}

export class Routine {
  readonly #exchanges: Exchanges;
  readonly #newId: (ms: number) => string;
  /** By direction of the request, method and what `params` names. */
  readonly #routes = { "to-server": new Map<string, Route>(), "to-client": new Map<string, Route>() };
  #passed: Passed[] = [];

  constructor(exchanges: Exchanges, newId: (ms: number) => string) {
    this.#exchanges = exchanges;
    this.#newId = newId;
  }

  /** Lets the message pass if it is one of those that passed before. */
  passes(direction: Direction, glance: Glance, bytes: number, now: number, situation: Situation): boolean {
    const { id, method, failed } = glance;
    if (id === null) return false;
    if (method !== null) {
      const route = this.#routes[direction].get(routeKey(method, glance.named));
      if (route?.method !== method || !stands(route.request, now, situation)) return false;
      const exchange = new RoutineExchange(route, id, now, this.#newId);
      if (!this.#exchanges.add(direction, exchange)) return false;
      this.#passed.push({ direction, exchange, kind: "request", bytes, decision: route.request.decision, failed: undefined, time: now });
      return true;
    }
    const standing = (exchange: Exchange): exchange is RoutineExchange => exchange instanceof RoutineExchange && stands(exchange.route.response, now, situation);
    const exchange = this.#exchanges.takeIf(opposite(direction), id, standing);
    if (!exchange) return false;
    this.#passed.push({ direction, exchange, kind: "response", bytes, decision: exchange.route.response!.decision, failed, time: now });
    return true;
  }

  /** Remembers the decision on a skimmed message that passed. @param exchange of a response: the one that it answers. */
  remember(direction: Direction, glance: Glance, exchange: Exchange, decision: Decision, from: number, until: number, situation: Situation): void {
    if (exchange.era !== "legacy" || exchange.begun !== null || !exchange.sure || exchange.agreed !== undefined || exchange.names === undefined) return;
    const standing: Standing = { ...situation, decision, from, until };
    if (glance.method === null) {
      const route = exchange instanceof RoutineExchange ? exchange.route : this.#routeOf(opposite(direction), exchange);
      if (route) route.response = standing;
      return;
    }
    const routes = this.#routes[direction];
    const key = routeKey(glance.method, glance.named);
    const route = routes.get(key);
    if (route) route.request = standing;
    else {
      if (routes.size >= MAX_ROUTES) routes.clear();
      routes.set(key, { method: exchange.method, subject: exchange.subject, names: exchange.names, request: standing, response: null });
    }
  }

  /** What has passed since it was last asked. */
  take(): readonly Passed[] {
    const passed = this.#passed;
    if (passed.length > 0) this.#passed = [];
    return passed;
  }

  #routeOf(direction: Direction, { method, subject }: Exchange): Route | undefined {
    for (const route of this.#routes[direction].values()) if (route.method === method && isSameSubject(route.subject, subject)) return route;
    return undefined;
  }
}

function stands(standing: Standing | null, now: number, { policy, protocolVersion, authentication, who }: Situation): standing is Standing {
  return standing !== null && standing.policy === policy && now >= standing.from && now < standing.until && standing.protocolVersion === protocolVersion && standing.authentication === authentication && isSameWho(standing.who, who);
}

function isSameWho(a: Facts["who"], b: Facts["who"]): boolean {
  return a === b || (a !== undefined && b !== undefined && a.user === b.user && a.device === b.device && a.groups === b.groups);
}

/** Different lengths of the first name keep two pairs of names apart. Methods are not: one that is made of another and a name has its key, so who finds a route compares the method. */
function routeKey(method: string, { name, uri }: Readonly<Record<string, string>>): string {
  return name === undefined ? (uri === undefined ? method : `${method} uri ${uri}`) : uri === undefined ? `${method} name ${name}` : `${method} ${name.length} ${name} ${uri}`;
}

/** What `summarize` says of such a message, in one piece: these are most of all records. */
export function recordOf({ direction, exchange, kind, bytes, decision, failed, time }: Passed, { channel, point, transport, client, server }: Place, by: Recorder, newId: (ms: number) => string): MessageRecord {
  const opened = exchange.id;
  const id = newId(time);
  return kind === "request"
    ? { v: RECORD_VERSION, id, time, by, channel, point, transport, client, server, kind, direction, ...exchange.names, bytes, findings: [], decision, redacted: 0, exchange: opened }
    : { v: RECORD_VERSION, id, time, by, channel, point, transport, client, server, kind, direction, ...exchange.names, bytes, ms: Math.max(0, time - exchange.startedAt), failed: failed === true, findings: [], decision, redacted: 0, exchange: opened };
}
