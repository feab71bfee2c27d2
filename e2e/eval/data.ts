/**
 * Scores the data detectors on the labelled development data, which lies outside the repository:
 * `node e2e/eval/data.ts [--misses CATEGORY] [--false CATEGORY]`. Prints figures, never stores anything.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scanJson } from "../../shared/base/json.ts";
import { inspectJson } from "../../shared/inspect/data/inspect.ts";
import { scan } from "../../shared/inspect/data/scan.ts";

interface Row {
  readonly text?: string;
  readonly raw?: string;
  readonly chunks?: readonly string[];
  readonly spans?: readonly { readonly start: number; readonly end: number; readonly type: string }[];
  readonly label: 0 | 1;
  readonly cat?: string;
  readonly kind?: string;
  readonly source: string;
  readonly level?: string;
  readonly transform?: string;
  readonly type?: string;
}

interface Found {
  readonly class: string;
  readonly start: number;
  readonly end: number;
}

const DATA = join(import.meta.dirname, "../../../shared/evaluation/dev/data");
const THRESHOLD = 0.6; // the default threshold of a policy
const PII_TYPES: Readonly<Record<string, string>> = { EMAIL_ADDRESS: "pii.email", CREDIT_CARD: "pci.card-number", IBAN_CODE: "pii.iban", PHONE_NUMBER: "pii.phone" };
const KEY = new Uint8Array(32);
const show = { misses: option("--misses"), false: option("--false") };

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function read(file: string): Row[] {
  return readFileSync(join(DATA, file), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
}

const time = { ms: 0, characters: 0 };

function judge(row: Row): Found[] {
  const text = row.text ?? row.raw ?? row.chunks!.join("");
  const started = performance.now();
  const found = row.raw === undefined ? scan(text).matches : inspectRaw(text);
  time.ms += performance.now() - started;
  time.characters += text.length;
  return found.filter((match) => match.confidence >= THRESHOLD);
}

function inspectRaw(text: string): (Found & { confidence: number })[] {
  const leaves = scanJson(text);
  return leaves.ok ? [...inspectJson(text, leaves.value, KEY).findings] : [];
}

class Table {
  readonly rows = new Map<string, { hit: number; all: number }>();
  count(name: string, hit: boolean): void {
    const row = this.rows.get(name) ?? { hit: 0, all: 0 };
    row.hit += Number(hit);
    row.all++;
    this.rows.set(name, row);
  }
  print(title: string): void {
    console.log(`\n${title}`);
    for (const [name, { hit, all }] of [...this.rows].sort()) console.log(`  ${name.padEnd(44)} ${String(hit).padStart(5)} / ${String(all).padEnd(5)} ${((100 * hit) / all).toFixed(1).padStart(6)} %`);
  }
}

function excerpt(text: string, start: number, end: number): string {
  return JSON.stringify(`${text.slice(Math.max(0, start - 60), start)}⟦${text.slice(start, end)}⟧${text.slice(end, end + 25)}`);
}

function secrets(): void {
  const recall = new Table(), alarms = new Table();
  let truePositives = 0, falsePositives = 0;
  for (const row of read("secrets.jsonl")) {
    const found = judge(row).filter((match) => match.class.startsWith("secret."));
    const source = row.source.split(":")[0]!;
    const name = source === "creddata" ? `creddata ${row.cat}` : source;
    if (row.label === 1) {
      const spans = row.spans ?? [];
      const hit = found.some((match) => spans.length === 0 || spans.some((span) => match.start < span.end && span.start < match.end));
      recall.count(name, hit);
      if (source === "creddata") {
        recall.count("creddata (all)", hit);
        truePositives += Number(hit);
      }
      if (!hit && show.misses === (row.cat ?? source)) console.log("MISS", spans.length > 0 ? excerpt(row.text!, spans[0]!.start, spans[0]!.end) : JSON.stringify(row.text!.slice(0, 240)));
    } else {
      alarms.count(name, found.length > 0);
      if (source === "creddata") {
        alarms.count("creddata (all)", found.length > 0);
        falsePositives += Number(found.length > 0);
      }
      if (found.length > 0 && (show.false === row.cat || show.false === source)) for (const match of found) console.log("FALSE", match.class, excerpt(row.text!, match.start, match.end));
    }
  }
  recall.print("secrets: found (recall)");
  alarms.print("secrets: negatives flagged (fixtures' negatives only say: not this rule)");
  console.log(`  creddata precision ${((100 * truePositives) / (truePositives + falsePositives)).toFixed(1)} %`);
}

function personalData(): void {
  const recall = new Table(), alarms = new Table();
  for (const row of read("pii.jsonl")) {
    const found = judge(row).filter((match) => !match.class.startsWith("secret."));
    const source = row.source.split(":")[0]!;
    for (const span of row.spans ?? []) {
      const wanted = PII_TYPES[span.type] ?? (/PHONE|MOBILE_NUMBER/.test(span.type) ? "pii.phone" : undefined);
      if (wanted === undefined) continue;
      const hit = found.some((match) => match.class === wanted && match.start < span.end && span.start < match.end);
      recall.count(`${wanted} (${source})`, hit);
      if (!hit && show.misses === wanted) console.log("MISS", excerpt(row.text!, span.start, span.end));
    }
    for (const match of found) {
      const real = (row.spans ?? []).some((span) => match.start < span.end && span.start < match.end);
      alarms.count(`findings outside every span: ${match.class} (${source})`, !real);
      if (!real && show.false === match.class) console.log("FALSE", source, excerpt(row.text!, match.start, match.end));
    }
    if (source === "synth-neg") alarms.count("labelled negatives flagged (synth-neg)", found.length > 0);
  }
  recall.print("personal data: found (recall); types this build does not know are left out");
  alarms.print("personal data: false alarms");
}

function benign(): void {
  const alarms = new Table();
  const rows = read("benign.jsonl");
  for (const row of rows) {
    const found = judge(row);
    alarms.count(row.kind ?? "?", found.length > 0);
    alarms.count("(all)", found.length > 0);
    if (found.length > 0 && (show.false === "benign" || show.false === row.kind)) for (const match of found.slice(0, 4)) console.log("FALSE", row.kind, match.class, excerpt(row.text!, match.start, match.end));
  }
  alarms.print("benign messages with any finding");
}

function evasion(): void {
  const levels = new Table(), transforms = new Table();
  for (const row of read("evasion.jsonl")) {
    if (row.type === "US_SSN") continue; // national ids come with the full engine
    const hit = judge(row).length > 0;
    levels.count(row.level!, hit);
    transforms.count(`${row.level} ${row.transform}`, hit);
    if (!hit && show.misses === row.transform) console.log("MISS", row.type, JSON.stringify(row.text ?? row.raw ?? row.chunks));
  }
  levels.print("evasion: caught, by level (without national ids)");
  for (const [name, { hit, all }] of transforms.rows) if (hit === all) transforms.rows.delete(name);
  transforms.print("evasion: not fully caught");
}

if (!existsSync(DATA)) {
  console.log(`No evaluation data at ${DATA}: nothing was measured.`);
} else {
  secrets();
  personalData();
  benign();
  evasion();
  console.log(`\n${((1000 * time.ms) / (time.characters / 1024)).toFixed(1)} µs per KB over ${(time.characters / 1e6).toFixed(1)} M characters, all views, one thread, cold start included`);
}
