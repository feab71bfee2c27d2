/** Writes records as JSON, faster than JSON.stringify because most of a record is what the one before it said. */

/** Objects under these names are shared by all records of a channel, and nothing changes them (shared/events/checks.ts, `once`). */
const SHARED = new Set(["client", "server", "decision"]);
/** Records may carry fields that this build does not know; their names are not kept without end. */
const MAX_FIELDS = 64;
/** What a JSON string cannot hold as it is. */
const SPECIAL = /["\\\0-\x1f\ud800-\udfff]/;

/** What a field said last. */
interface Field {
  /** `"name":` */
  readonly name: string;
  value: unknown;
  /** With its name and a comma. */
  text: string;
}

/**
 * @returns a function that says of an object what JSON.stringify says, to the letter, but for its end: a comma follows each
 * field, and the brace that closes the object is left to whoever goes on. Shared objects are read once.
 */
export function createSerializer(): (record: object) => string {
  const fields = new Map<string, Field>();
  const texts = new WeakMap<object, string>();

  function newField(key: string): Field {
    const field: Field = { name: `${JSON.stringify(key)}:`, value: undefined, text: "" };
    if (fields.size < MAX_FIELDS) fields.set(key, field);
    return field;
  }

  function sharedText(value: object): string {
    let text = texts.get(value);
    if (text === undefined) texts.set(value, (text = JSON.stringify(value)));
    return text;
  }

  return (record) => {
    if (Object.getPrototypeOf(record) !== Object.prototype || "toJSON" in record) return opened(JSON.stringify(record));
    let all = "{";
    for (const key in record) {
      const value = (record as Record<string, unknown>)[key];
      const field = fields.get(key) ?? newField(key);
      if (value !== field.value) {
        if (typeof value === "string") field.text = `${field.name}${SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`},`;
        else if (typeof value === "number") field.text = `${field.name}${Number.isFinite(value) ? value : "null"},`;
        else if (typeof value === "boolean" || value === null) field.text = `${field.name}${value},`;
        else if (value === undefined) field.text = "";
        else if (typeof value !== "object" || "toJSON" in value) return opened(JSON.stringify(record));
        else {
          // Other objects may be changed by whoever has them.
          all += `${field.name}${SHARED.has(key) ? sharedText(value) : Array.isArray(value) && value.length === 0 ? "[]" : JSON.stringify(value)},`;
          continue;
        }
        field.value = value;
      }
      all += field.text;
    }
    return all;
  };
}

function opened(json: string): string {
  return json === "{}" ? "{" : `${json.slice(0, -1)},`;
}
