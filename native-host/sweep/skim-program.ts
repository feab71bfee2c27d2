/**
 * The machine's part that skims a message: one pass over its bytes that finds out whether it is plain, unambiguous JSON
 * with known keys, notes the few members that the envelope is read from, and copies out what its strings say.
 * It is never the one who refuses: whatever it does not understand is left to the full reading.
 */
import {
  BASE64_AT, CHARACTER, CHARACTERS_AT, FLAG, FRAMES_AT, INPUT_AT, KEY_HASH_FACTOR, KEY_SLOTS, KEY_SLOTS_AT, KEYS_OPEN_AT, LEAF_HEAD, MARK_DEPTH, MARKS_AT, MAX_DEPTH, MAX_KEY, MAX_KEYS, MAX_KEYS_OPEN,
  DONE, MAX_MARKS, MAX_RUNS, MIN_RUN, OUT_AT, PIECES, RUNS_AT, SHORTEST_NUMBER, SHORTEST_TEXT, STATE, STATE_AT, UNSURE,
} from "../../shared/inspect/data/kernel/layout.ts";
import {
  add, among, and, atMost, call, bitmask, differs, during, get, int, isZero, less, load16, load32, load8, mul, or, same, set, shl, shr, splat, store16, store32, store8, sub, trailingZeros, vless, vload, vor, vsame, vstore, when, xor,
  type Code, type Part,
} from "./assembler.ts";

const [n, piece, p, end, c, t, u, status, run] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const FIRST_KEPT = 9;
const KEPT = Object.keys(STATE) as (keyof typeof STATE)[];
const kept = Object.fromEntries(KEPT.map((name) => [name, FIRST_KEPT + STATE[name]])) as Record<keyof typeof STATE, number>;
const { out, state, depth, leaf, inKey, code, need, least, nodes, marks, top, key, flags, kind, base, names, altered, runs: runs_, stops } = kept;
const v = FIRST_KEPT + KEPT.length;

const S = { string: 0, after: 1, value: 2, colon: 3, key: 4, keyOrEnd: 5, valueOrEnd: 6, minus: 7, zero: 8, digits: 9, point: 10, fraction: 11, literal: 12, escape: 13, unicode: 14, character: 15, done: DONE } as const;

const char = (text: string): Code => int(text.charCodeAt(0));
const is = (text: string): Code => same(get(c), char(text));
const isOneOf = (text: string): Code => [...text].map(is).reduce(or);
const isDigit = less(sub(get(c), char("0")), int(10));
const go = (to: number): Code => set(state, int(to));
const next = set(p, add(get(p), int(1)));
const unsure = (why: number): Code => set(status, int(why));
const put = (byte: Code): Code => [store8(get(out), byte), set(out, add(get(out), int(1)))];
const frame = add(int(FRAMES_AT), shl(get(depth), 4));

/** FLAG.mark, in an object near the top. */
const isMarked = and(and(shr(get(flags), int(3)), get(kind)), atMost(get(depth), int(MARK_DEPTH)));

/** Notes such a member. */
const mark = (type: string, from: Code, to: Code): Code => {
  const at = add(int(MARKS_AT), shl(get(marks), 4));
  return when(isMarked, [
    when(less(get(marks), int(MAX_MARKS)), [
      store16(at, get(key)),
      store16(at, load16(sub(frame, int(16))), 2),
      store8(at, get(depth), 4),
      store8(at, char(type), 5),
      store32(at, from, 8),
      store32(at, to, 12),
      set(marks, add(get(marks), int(1))),
    ], unsure(UNSURE.marks)),
  ]);
};

/** A leaf begins: a zero, and its key's number in two bytes beyond ASCII. */
const head: Code = [
  store8(get(out), int(0)),
  store8(get(out), or(int(0x80), and(get(key), int(0x7f))), 1),
  store8(get(out), or(int(0x80), shr(get(key), int(7))), 2),
  set(out, add(get(out), int(LEAF_HEAD))),
  set(leaf, get(out)),
  set(inKey, int(0)),
];

const open = (isObject: number): Code => [
  store16(frame, get(key)),
  store8(frame, get(flags), 2),
  store8(frame, get(kind), 3),
  store32(frame, get(base), 4),
  store8(frame, get(names), 8),
  set(depth, add(get(depth), int(1))),
  set(base, get(top)),
  set(kind, int(isObject)),
  set(names, int(0)),
  go(isObject ? S.keyOrEnd : S.valueOrEnd),
  when(less(int(MAX_DEPTH), get(depth)), unsure(UNSURE.depth)),
  next,
];

const close: Code = [
  set(depth, sub(get(depth), int(1))),
  set(top, get(base)),
  set(key, load16(frame)),
  set(flags, load8(frame, 2)),
  set(kind, load8(frame, 3)),
  set(base, load32(frame, 4)),
  set(names, load8(frame, 8)),
  when(get(depth), go(S.after), go(S.done)),
  next,
];

/** Finds what has been read since `leaf` among the known words: `u` is its slot, or 0; `c` its length. */
const lookUp: Code = [
  set(c, sub(get(out), get(leaf))),
  set(t, get(leaf)),
  set(code, int(0)),
  during(less(get(t), get(out)), [set(code, mul(xor(get(code), load8(get(t))), int(KEY_HASH_FACTOR))), set(t, add(get(t), int(1)))]),
  set(code, and(xor(get(code), shr(get(code), int(15))), int(KEY_SLOTS - 1))),
  set(u, int(0)),
  set(need, load32(add(int(KEY_SLOTS_AT), shl(get(code), 3)))),
  during(and(differs(get(need), int(0)), isZero(get(u))), [
    set(run, add(int(KEY_SLOTS_AT), shl(get(code), 3))),
    when(same(load8(get(run), 4), get(c)), [
      set(t, int(0)),
      during(and(less(get(t), get(c)), same(load8(add(get(need), get(t))), load8(add(get(leaf), get(t))))), set(t, add(get(t), int(1)))),
      when(same(get(t), get(c)), set(u, get(run))),
    ]),
    set(code, and(add(get(code), int(1)), int(KEY_SLOTS - 1))),
    set(need, load32(add(int(KEY_SLOTS_AT), shl(get(code), 3)))),
  ]),
];

/** What is said under an unknown key is not ours to judge. */
const keyEnds: Code = [
  lookUp,
  when(or(isZero(get(u)), less(int(MAX_KEY), get(c))), unsure(UNSURE.key), [
    set(key, load16(get(u), 6)),
    set(flags, load8(get(u), 5)),
    set(t, get(base)),
    during(and(less(get(t), get(top)), differs(load16(get(t), KEYS_OPEN_AT), get(key))), set(t, add(get(t), int(2)))),
    when(less(get(t), get(top)), unsure(UNSURE.twice)),
    when(or(less(int(2 * MAX_KEYS - 2), sub(get(top), get(base))), less(int(2 * MAX_KEYS_OPEN - 4), get(top))), unsure(UNSURE.depth), [
      store16(get(top), get(key), KEYS_OPEN_AT),
      set(top, add(get(top), int(2))),
    ]),
    set(names, or(get(names), and(get(flags), int(FLAG.name | FLAG.value)))),
    when(same(get(names), int(FLAG.name | FLAG.value)), unsure(UNSURE.sibling)),
    when(and(get(flags), int(FLAG.harmful)), unsure(UNSURE.harmful)),
    set(out, get(leaf)),
    go(S.colon),
    next,
  ]),
];

/** A string ends. Of a member near the top, a known word is noted by its number: methods and tools come again and again. */
const stringEnds: Code = [
  when(
    isMarked,
    [when(less(sub(get(out), get(leaf)), int(MAX_KEY + 1)), lookUp, set(u, int(0))), when(get(u), mark("w", load16(get(u), 6), int(0)), mark("s", get(leaf), get(out)))],
    when(less(sub(get(out), get(leaf)), int(SHORTEST_TEXT)), set(out, sub(get(leaf), int(LEAF_HEAD)))),
  ),
  go(S.after),
  next,
];

/** Copies sixteen bytes after sixteen until one of them is a quote, a backslash, a control character or beyond ASCII. */
const specials = [set(v, vload(get(p))), vstore(get(out), get(v)), set(run, bitmask(vor(vor(vsame(get(v), splat(char('"'))), vsame(get(v), splat(char("\\")))), vor(vless(get(v), splat(int(0x20))), get(v)))))];
const inString: Code = [
  specials,
  during(isZero(get(run)), [set(p, add(get(p), int(16))), set(out, add(get(out), int(16))), specials]),
  set(run, trailingZeros(get(run))),
  set(p, add(get(p), get(run))),
  set(out, add(get(out), get(run))),
  // Behind the end stand zeros.
  when(less(get(p), get(end)), [
    set(c, load8(get(p))),
    when(is('"'), [when(get(inKey), keyEnds, stringEnds)], [
      when(is("\\"), [go(S.escape), next], [
        when(less(get(c), int(0x80)), unsure(UNSURE.syntax), [
          when(less(sub(get(c), int(0xc2)), int(0x1e)), [set(code, and(get(c), int(0x1f))), set(need, int(1)), set(least, int(0x80))], [
            when(less(sub(get(c), int(0xe0)), int(0x10)), [set(code, and(get(c), int(0x0f))), set(need, int(2)), set(least, int(0x800))], [
              when(less(sub(get(c), int(0xf0)), int(5)), [set(code, and(get(c), int(7))), set(need, int(3)), set(least, int(0x10000))], unsure(UNSURE.syntax)),
            ]),
          ]),
          go(S.character),
          next,
        ]),
      ]),
    ]),
  ]),
];

/** A character beyond ASCII, in `code`: 255 stands for those that nobody mistakes for another. */
const emit: Code = [
  when(less(get(code), int(0x10000)), [
    set(t, load8(get(code), CHARACTERS_AT)),
    when(same(get(t), int(CHARACTER.plain)), put(int(0xff)), [
      when(same(get(t), int(CHARACTER.dash)), [put(char("-")), set(altered, int(1))], unsure(UNSURE.character)),
    ]),
  ], [
    // Pictures and rare ideographs.
    when(or(less(sub(get(code), int(0x1f300)), int(0x800)), less(sub(get(code), int(0x20000)), int(0x1ffff))), put(int(0xff)), unsure(UNSURE.character)),
  ]),
  go(S.string),
];

const inCharacter: Code = [
  when(same(and(get(c), int(0xc0)), int(0x80)), [
    set(code, or(shl(get(code), 6), and(get(c), int(0x3f)))),
    set(need, sub(get(need), int(1))),
    next,
    when(isZero(get(need)), [
      when(or(less(get(code), get(least)), or(same(shr(get(code), int(11)), int(0x1b)), less(int(0x10ffff), get(code)))), unsure(UNSURE.syntax), emit),
    ]),
  ], unsure(UNSURE.syntax)),
];

const inEscape: Code = [
  set(t, int(0)),
  when(isOneOf('"\\/'), set(t, get(c))),
  ...(["n\n", "r\r", "t\t", "b\b", "f\f"] as const).map((pair) => when(is(pair[0]!), set(t, char(pair[1]!)))),
  when(get(t), [put(get(t)), go(S.string), next], [
    when(is("u"), [set(code, int(0)), set(need, int(4)), go(S.unicode), next], unsure(UNSURE.syntax)),
  ]),
];

const inUnicode: Code = [
  set(t, sub(get(c), char("0"))),
  when(less(int(9), get(t)), [set(t, sub(or(get(c), int(0x20)), char("a"))), set(t, add(get(t), int(10))), when(less(int(5), sub(get(t), int(10))), set(t, int(16)))]),
  when(same(get(t), int(16)), unsure(UNSURE.syntax), [
    set(code, or(shl(get(code), 4), get(t))),
    set(need, sub(get(need), int(1))),
    next,
    when(isZero(get(need)), [
      // A zero would look like the end of a leaf; halves of a pair are judged by whoever sees both.
      when(or(isZero(get(code)), same(shr(get(code), int(11)), int(0x1b))), unsure(UNSURE.escape), [
        when(less(get(code), int(0x80)), [put(get(code)), go(S.string)], emit),
      ]),
    ]),
  ]),
];

/** A number ends where something else begins, which is read again as what it is. */
const numberEnds: Code = [
  when(isOneOf("eE"), unsure(UNSURE.number), [
    when(less(int(300), sub(get(out), get(leaf))), unsure(UNSURE.number)),
    // Kept where a detector or the envelope could want it.
    when(isMarked, mark("n", get(leaf), get(out)), when(less(sub(get(out), get(leaf)), int(SHORTEST_NUMBER)), set(out, sub(get(leaf), int(LEAF_HEAD))))),
    go(S.after),
  ]),
];
const digit = (then: number): Code => [put(get(c)), go(then), next];

const literal = (rest: string, type: string): Code => [
  set(code, int([...rest].reduceRight((all, each) => (all << 8) | each.charCodeAt(0), 0))),
  mark(type, int(0), int(0)),
  go(S.literal),
  next,
];

const value: Code = [
  set(nodes, add(get(nodes), int(1))),
  when(isZero(or(get(depth), is("{"))), unsure(UNSURE.syntax), [
    when(is('"'), [head, go(S.string), next], [
      when(is("{"), [mark("{", int(0), int(0)), open(1)], [
        when(is("["), [mark("[", int(0), int(0)), open(0)], [
          when(isDigit, [head, put(get(c)), when(is("0"), go(S.zero), go(S.digits)), next], [
            when(is("-"), [head, put(get(c)), go(S.minus), next], [
              when(is("t"), literal("rue", "t"), [when(is("f"), literal("alse", "f"), [when(is("n"), literal("ull", "0"), unsure(UNSURE.syntax))])]),
            ]),
          ]),
        ]),
      ]),
    ]),
  ]),
];

const CASES: Record<keyof typeof S, Code> = {
  string: inString,
  after: when(is(","), [when(get(kind), go(S.key), go(S.value)), next], [when(or(and(is("}"), get(kind)), and(is("]"), isZero(get(kind)))), close, unsure(UNSURE.syntax))]),
  value,
  colon: when(is(":"), [go(S.value), next], unsure(UNSURE.syntax)),
  key: when(is('"'), [set(leaf, get(out)), set(inKey, int(1)), go(S.string), next], unsure(UNSURE.syntax)),
  keyOrEnd: when(is("}"), close, go(S.key)),
  valueOrEnd: when(is("]"), close, go(S.value)),
  minus: when(isDigit, [put(get(c)), when(is("0"), go(S.zero), go(S.digits)), next], unsure(UNSURE.syntax)),
  zero: when(is("."), digit(S.point), [when(isDigit, unsure(UNSURE.syntax), numberEnds)]),
  digits: when(isDigit, digit(S.digits), [when(is("."), digit(S.point), numberEnds)]),
  point: when(isDigit, digit(S.fraction), unsure(UNSURE.syntax)),
  fraction: when(isDigit, digit(S.fraction), numberEnds),
  literal: when(same(get(c), and(get(code), int(0xff))), [set(code, shr(get(code), int(8))), next, when(isZero(get(code)), go(S.after))], unsure(UNSURE.syntax)),
  escape: inEscape,
  unicode: inUnicode,
  character: inCharacter,
  done: when(isOneOf("\r\n"), next, unsure(UNSURE.syntax)),
};
const ordered = (Object.keys(S) as (keyof typeof S)[]).sort((a, b) => S[a] - S[b]).map((name) => CASES[name]);

/** Numbers of the functions that it calls, in the module's list (program.ts). */
export interface Called {
  readonly sweep: number;
  readonly runs: number;
}

/** `skim(bytes, piece)`: reads one piece of a message, and looks through its strings behind the last one. Returns one of `UNSURE`; the rest stands in the state. */
export function skim(called: Called): Part {
  const body: Code = [
    when(
      and(get(piece), int(PIECES.first)),
      [...KEPT.map((name) => set(kept[name], int(0))), set(out, int(OUT_AT)), go(S.value)],
      KEPT.map((name) => set(kept[name], load32(int(STATE_AT + 4 * STATE[name])))),
    ),
    set(p, int(INPUT_AT)),
    set(end, add(get(p), get(n))),
    vstore(get(end), splat(int(0))),
    during(and(less(get(p), get(end)), isZero(get(status))), [
      set(c, load8(get(p))),
      // White space between tokens; a line end only stands at the end of the message.
      when(and(less(sub(get(state), int(S.after)), int(S.valueOrEnd)), isOneOf(" \t")), next, among(get(state), ordered)),
    ]),
    when(and(differs(and(get(piece), int(PIECES.last)), int(0)), isZero(get(status))), [
      when(differs(get(state), int(DONE)), unsure(UNSURE.syntax), [
        set(runs_, call(called.runs, int(OUT_AT), get(out))),
        set(stops, call(called.sweep, int(OUT_AT), get(out))),
      ]),
    ]),
    KEPT.map((name) => store32(int(STATE_AT + 4 * STATE[name]), get(kept[name]))),
    get(status),
  ];
  return { name: "skim", parameters: 2, numbers: v - 2, vectors: 1, body };
}

/** `runs(from, to)`: notes every run of the base64 alphabet that is long enough to hold something, and returns how many there are. */
export function runs(): Part {
  const [at, to, last, count, begin] = [0, 1, 2, 3, 4];
  const isRun = (where: Code): Code => load8(load8(where), BASE64_AT);
  const slot = add(int(RUNS_AT), shl(get(count), 3));
  const body: Code = [
    vstore(get(to), splat(int(0))),
    during(and(atMost(add(get(at), int(MIN_RUN)), get(to)), less(get(count), int(MAX_RUNS))), [
      // Seen from its last character, most windows end after a few.
      set(last, add(get(at), int(MIN_RUN - 1))),
      during(and(atMost(get(at), get(last)), isRun(get(last))), set(last, sub(get(last), int(1)))),
      when(atMost(get(at), get(last)), set(at, add(get(last), int(1))), [
        set(begin, get(at)),
        set(at, add(get(at), int(MIN_RUN))),
        during(isRun(get(at)), set(at, add(get(at), int(1)))),
        store32(slot, get(begin)),
        store32(slot, get(at), 4),
        set(count, add(get(count), int(1))),
        set(at, add(get(at), int(1))),
      ]),
    ]),
    get(count),
  ];
  return { name: "runs", parameters: 2, numbers: 3, vectors: 0, body };
}
