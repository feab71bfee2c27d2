/** Two policies compared as written: by id, so that order in the file does not count. */
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import type { Policy } from "../../../shared/policy/language.ts";

export interface Change {
  readonly kind: "added" | "removed" | "changed";
  /** `rule`, `server entry`, `exception`, `mode`, … */
  readonly what: string;
  /** Null for a setting of the whole policy. */
  readonly id: string | null;
  /** What it was and is: `effect: monitor → block`. */
  readonly details: readonly string[];
}

export function changesBetween(a: Policy, b: Policy): Change[] {
  const { admission: admissionA, rules: rulesA, exceptions: exceptionsA = [], ...restA } = a;
  const { admission: admissionB, rules: rulesB, exceptions: exceptionsB = [], ...restB } = b;
  const { servers: serversA, ...defaultsA } = admissionA;
  const { servers: serversB, ...defaultsB } = admissionB;
  return [
    ...settings({ ...restA, ...prefixed(defaultsA) }, { ...restB, ...prefixed(defaultsB) }),
    ...listed("server entry", byId(serversA), byId(serversB)),
    ...listed("rule", byId(rulesA), byId(rulesB)),
    // Exceptions have no name of their own: a changed one is one less and one more.
    ...listed("exception", bySelf(exceptionsA), bySelf(exceptionsB)).map((change) => ({ ...change, id: exceptionName(change.id) })),
  ];
}

/** The revision is bound to differ; that it does is no news. */
const NO_NEWS = new Set(["revision"]);

function settings(a: object, b: object): Change[] {
  return members(a, b)
    .filter(({ key }) => !NO_NEWS.has(key))
    .map(({ key, detail }) => ({ kind: "changed", what: key, id: null, details: [detail] }));
}

function listed(what: string, a: ReadonlyMap<string, object>, b: ReadonlyMap<string, object>): Change[] {
  const changes: Change[] = [];
  for (const [id, old] of a) {
    const now = b.get(id);
    if (!now) changes.push({ kind: "removed", what, id, details: summary(old) });
    else {
      const details = members(old, now).map(({ detail }) => detail);
      if (details.length) changes.push({ kind: "changed", what, id, details });
    }
  }
  for (const [id, now] of b) if (!a.has(id)) changes.push({ kind: "added", what, id, details: summary(now) });
  return changes;
}

function summary(value: object): string[] {
  return ["effect" in value ? String(value.effect) : "", "title" in value ? String(value.title) : ""].filter(Boolean);
}

function members(a: object, b: object): { key: string; detail: string }[] {
  const [old, now] = [new Map<string, unknown>(Object.entries(a)), new Map<string, unknown>(Object.entries(b))];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  return keys.flatMap((key) => {
    const [before, after] = [text(old.get(key)), text(now.get(key))];
    return before === after ? [] : [{ key, detail: `${key}: ${before} → ${after}` }];
  });
}

function text(value: unknown): string {
  return value === undefined ? "(none)" : typeof value === "string" ? value : canonicalJson(value);
}

function prefixed(admission: object): object {
  return Object.fromEntries(Object.entries(admission).map(([key, value]) => [`admission.${key}`, value]));
}

function byId<T extends { readonly id: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((each) => [each.id, each]));
}

function bySelf<T extends { readonly rule: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((each) => [`${each.rule}\n${canonicalJson(each)}`, each]));
}

function exceptionName(key: string | null): string | null {
  const [rule = "", self = "{}"] = (key ?? "").split("\n");
  const { ticket, until } = JSON.parse(self) as { ticket?: string; until?: string };
  return `to ${rule} (${[ticket, until && `until ${until}`].filter(Boolean).join(", ")})`;
}
