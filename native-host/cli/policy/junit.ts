/** Outcomes as JUnit XML, which build systems read. */
import type { Case } from "../../../shared/policy/trial.ts";

/** One suite a policy file. */
export function junitXml(file: string, cases: readonly Case[]): string {
  const failed = cases.filter(({ passed }) => !passed).length;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites tests="${cases.length}" failures="${failed}">`, `  <testsuite name="${escaped(file)}" tests="${cases.length}" failures="${failed}" errors="0" skipped="0">`];
  for (const { rule, name, passed, detail, because } of cases) {
    const open = `    <testcase classname="${escaped(rule ?? "examples")}" name="${escaped(name)}"`;
    lines.push(passed ? `${open}/>` : `${open}>\n      <failure message="${escaped(detail)}">${escaped(because.join("\n"))}</failure>\n    </testcase>`);
  }
  return `${[...lines, "  </testsuite>", "</testsuites>"].join("\n")}\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;" };

/** What XML 1.0 cannot hold at all (control characters, halves of pairs) becomes a question mark. */
export function escaped(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?").replace(/[&<>"'\n\t\r]/g, (char) => ENTITIES[char]!);
}
