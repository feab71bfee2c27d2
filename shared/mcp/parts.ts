/** Which parts of a message carry data, and in which of them instructions can hide: the registry of methods, asked for one message. */
import { pointerOf, type JsonLeaf } from "../base/json.ts";
import { isHandle } from "./handles.ts";
import { member, type Envelope, type SingleMessage } from "./message.ts";
import { IN_EVERY_MESSAGE, UNKNOWN_METHOD, type Embed, type MethodFacts, type Places } from "./method-facts.ts";
import { methodNamed } from "./methods.ts";

/**
 * `both`: data in which instructions can hide. `handle`: a value that the protocol compares; it is never rewritten, though data may hide in it.
 * `other`: the message's structure, and members that the protocol does not name.
 */
export type PartKind = "data" | "instruction" | "both" | "handle" | "other";

export interface Parts {
  /** Leaves in which data can travel, handles among them. */
  readonly data: readonly JsonLeaf[];
  /** Leaves in which instructions can hide. */
  readonly instructions: readonly JsonLeaf[];
  /** @param pointer RFC 6901, from the message's root. */
  of(pointer: string): PartKind;
}

/** What a message goes back to. */
export interface Answered {
  /** Of a response: the method that it answers. Null: not known, so everything in it may be anything. */
  readonly method: string | null;
  /** Of an answer or notification about a task: the method that began it. */
  readonly began: string | null;
}

/** Null: any one step. */
type Step = string | null;
type Marked = { readonly steps: readonly Step[]; readonly kind: "data" | "instruction" | "both" };

export function partsOf(message: SingleMessage, answered: Answered = { method: null, began: null }): Parts {
  const marked = placesIn(message.envelope, answered);
  const kindOf = (steps: readonly string[]): Marked["kind"] | "other" => {
    let best: Marked | undefined;
    for (const each of marked) if (each.steps.length >= (best?.steps.length ?? 0) && covers(each.steps, steps)) best = each;
    return best?.kind ?? "other";
  };
  const leavesOf = (kind: "data" | "instruction"): JsonLeaf[] =>
    message.leaves.filter((leaf) => {
      const found = kindOf(stepsOf(pointerOf(leaf.path)));
      return found === kind || found === "both";
    });
  return {
    get data() {
      return leavesOf("data");
    },
    get instructions() {
      return leavesOf("instruction");
    },
    of(pointer) {
      const steps = stepsOf(pointer);
      return isHandle(steps) ? "handle" : kindOf(steps);
    },
  };
}

function placesIn(envelope: Envelope, { method, began }: Answered): Marked[] {
  const marked = mark(IN_EVERY_MESSAGE, []);
  switch (envelope.kind) {
    case "request":
    case "notification":
      return marked.concat(requestPlaces(envelope.method, envelope.params, began));
    case "response":
      return marked.concat(resultPlaces(method, envelope.result, began));
    case "other":
      return [{ steps: [], kind: "both" }];
  }
}

/** Questions in one result that are looked at one by one; of more, everything may be anything. */
const MAX_EMBEDDED = 16;

function requestPlaces(method: string, params: unknown, began: string | null): Marked[] {
  return factsOfEither(method).flatMap((facts) => marksOf(facts.params ?? {}, { params }, began));
}

function resultPlaces(method: string | null, result: unknown, began: string | null): Marked[] {
  return factsOfEither(method).flatMap((facts) => marksOf(facts.result ?? {}, { result }, began));
}

/** What either era says: where they speak of the same they agree, and no peer escapes by speaking one era in the other's words. */
function factsOfEither(method: string | null): readonly MethodFacts[] {
  const known = method === null ? undefined : methodNamed(method);
  return known ? [known.legacy, known.modern].filter((facts) => facts !== undefined) : [UNKNOWN_METHOD];
}

/** @param root object that holds `params` or `result`. */
function marksOf(places: Places, root: unknown, began: string | null): Marked[] {
  return [...mark(places, []), ...embedded(places, root, began)];
}

function mark({ data = [], instructions = [], both = [] }: Places, at: readonly Step[]): Marked[] {
  const all = (pointers: readonly string[], kind: Marked["kind"]): Marked[] => pointers.map((pointer) => ({ steps: [...at, ...patternOf(pointer)], kind }));
  return [...all(data, "data"), ...all(instructions, "instruction"), ...all(both, "both")];
}

function embedded({ embeds = [] }: Places, root: unknown, began: string | null): Marked[] {
  return embeds.flatMap((embed): Marked[] => {
    const found = expand(patternOf(embed.at), root);
    if (found.length > MAX_EMBEDDED) return mark({ both: [embed.at] }, []);
    return found.flatMap(({ steps, value }) => embeddedAt(embed, value, began, steps));
  });
}

function embeddedAt(embed: Embed, value: unknown, began: string | null, at: readonly string[]): Marked[] {
  if (embed.is === "request") {
    const method = member(value, "method");
    if (typeof method !== "string") return [{ steps: at, kind: "both" }];
    // Rounds inside rounds are not in the protocol.
    return factsOfEither(method).flatMap(({ params = {} }) => mark({ ...params, both: [...(params.both ?? []), ...(params.embeds ?? []).map((inner) => inner.at)] }, at));
  }
  // The places of a result begin with `/result`, which is here the place itself.
  return resultPlaces(embed.of ?? began, value, null).map(({ steps, kind }) => ({ steps: [...at, ...steps.slice(1)], kind }));
}

/** Every place of a value that a pattern stands for. */
function expand(pattern: readonly Step[], root: unknown): { steps: string[]; value: unknown }[] {
  let found: { steps: string[]; value: unknown }[] = [{ steps: [], value: root }];
  for (const step of pattern) {
    found = found.flatMap(({ steps, value }) => {
      if (typeof value !== "object" || value === null) return [];
      const keys = step === null ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
      return keys.map((key) => ({ steps: [...steps, key], value: (value as Record<string, unknown>)[key] }));
    });
  }
  return found;
}

function covers(pattern: readonly Step[], steps: readonly string[]): boolean {
  return pattern.length <= steps.length && pattern.every((each, i) => each === null || each === steps[i]);
}

function patternOf(place: string): Step[] {
  return stepsOf(place).map((step) => (step === "*" ? null : step));
}

/** Steps of an RFC 6901 pointer. */
export function stepsOf(pointer: string): string[] {
  return pointer === "" ? [] : pointer.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
