/** `sluice doctor`: tries what can be tried on this machine and says what is wrong and how to put it right. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { HOST_NAME } from "../../shared/messages/host.ts";
import { sourceText } from "../../shared/policy/explain.ts";
import { hostPaths, type HostPaths } from "../home.ts";
import { browserPlaces, confinedBrowsers, type BrowserPlace } from "../install/locations.ts";
import { readManifest } from "../install/manifest.ts";
import { roundTrip } from "../install/round-trip.ts";
import { dayOf, listSegments, verifySegment } from "../journal/segment.ts";
import { openPolicy } from "../policy/store.ts";
import type { Command } from "./command.ts";
import { painter, printable } from "./terminal.ts";

interface Finding {
  readonly state: "ok" | "wrong" | "note";
  readonly text: string;
  readonly fix?: string;
}

const command: Command = {
  summary: "Check this machine's set-up and say what to fix",
  usage: `Usage: sluice doctor [--profile FOLDER]

  --profile FOLDER   also check the host of a browser that runs with --user-data-dir=FOLDER

Starts each registered host the way its browser would and waits for its answer; checks who can read and change our
files and whether today's records are intact. Exit code 1 when something is wrong.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { profile: { type: "string", multiple: true, default: [] } } });
    const paths = hostPaths(io.env);
    const findings: Finding[] = [];
    const places = [...browserPlaces(paths.home), ...values.profile.map(profilePlace)].filter((place) => existsSync(place.manifestFile) || values.profile.includes(place.dataDir));
    for (const place of places) findings.push(await checkBrowser(place));
    if (places.length === 0) findings.push({ state: "wrong", text: "no browser knows the host", fix: "sluice install" });
    for (const name of confinedBrowsers()) findings.push({ state: "note", text: `${name} runs in a sandbox of its own and cannot start the host`, fix: "use the deb or rpm package of that browser" });
    findings.push(...checkFiles(paths), await checkJournal(paths), ...(await checkPolicy(paths)));

    const paint = painter(io);
    const label = { ok: paint("green", "ok   "), wrong: paint("red", "WRONG"), note: paint("yellow", "note ") };
    for (const { state, text, fix } of findings) io.stdout.write(`${label[state]}  ${printable(text, 1000)}\n${fix ? `       fix: ${printable(fix, 400)}\n` : ""}`);
    return findings.some((finding) => finding.state === "wrong") ? 1 : 0;
  },
};
export default command;

function profilePlace(folder: string): BrowserPlace {
  return { browser: `profile ${folder}`, form: "chromium", dataDir: folder, manifestFile: join(folder, "NativeMessagingHosts", `${HOST_NAME}.json`) };
}

async function checkBrowser({ browser, form, manifestFile }: BrowserPlace): Promise<Finding> {
  const again = "sluice install";
  const wrong = (text: string, fix = again): Finding => ({ state: "wrong", text: `${browser}: ${text}`, fix });
  if (!existsSync(manifestFile)) return wrong(`there is no ${manifestFile}`, "npm start writes it for its own profile");
  const manifest = readManifest(readFileSync(manifestFile, "utf8"));
  if (typeof manifest === "string") return wrong(`${manifestFile} is not usable: ${manifest}`);
  if (!existsSync(manifest.path)) return wrong(`the launcher ${manifest.path} is gone`);
  for (const file of [manifestFile, dirname(manifestFile), manifest.path, dirname(manifest.path)]) {
    if (othersCanWrite(file)) return wrong(`everybody on this machine can change ${file}`, `chmod o-w ${file}`);
  }
  const [caller = ""] = manifest.callers;
  const result = await roundTrip(manifest.path, form === "chromium" ? [caller] : [manifestFile, caller]);
  if (!result.ok) return wrong(`the host does not answer: ${result.why}`);
  return { state: "ok", text: `${browser}: host ${result.value.version} answered in ${result.value.ms} ms and sent policy ${result.value.policy}` };
}

function checkFiles(paths: HostPaths): Finding[] {
  if (process.platform === "win32") return [{ state: "note", text: "who may read and change our files is not checked on Windows" }];
  const findings: Finding[] = [];
  for (const path of [paths.home, paths.state, paths.policyFile]) {
    if (existsSync(path) && othersCanWrite(path)) findings.push({ state: "wrong", text: `everybody on this machine can change ${path}; the host refuses to start`, fix: `chmod o-w ${path}` });
  }
  const readable = [paths.journal, ...(existsSync(paths.journal) ? readdirSync(paths.journal).map((day) => join(paths.journal, day)) : [])].filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0);
  if (readable.length > 0) findings.push({ state: "wrong", text: `others can look into ${readable[0]}${readable.length > 1 ? ` and ${readable.length - 1} more` : ""}`, fix: `chmod -R go= ${paths.journal}` });
  return findings.length > 0 ? findings : [{ state: "ok", text: `${paths.home} is closed to others` }];
}

async function checkJournal(paths: HostPaths): Promise<Finding> {
  const segments = listSegments(paths.journal, dayOf(Date.now()));
  for (const { file } of segments) {
    const verified = await verifySegment(file);
    if (!verified.ok) return { state: "wrong", text: `${file} was changed: line ${verified.line}, ${verified.why}`, fix: "find out who did; keep a copy of the file" };
  }
  return { state: "ok", text: `today's records are intact (${segments.length} file${segments.length === 1 ? "" : "s"})` };
}

/** Which policy is in force, and whether its signed bundle is well. */
async function checkPolicy(paths: HostPaths): Promise<Finding[]> {
  const store = await openPolicy({ paths });
  store.close();
  const { policy, source, bundle } = store.current();
  const rejected = store.rejected();
  const text = `policy ${policy.id}, revision ${policy.revision}, ${sourceText(source)}`;
  const findings: Finding[] = [{ state: "ok", text }];
  if (rejected) findings.push({ state: "wrong", text: `a policy was refused: ${rejected.errors.join("; ")}`, fix: "sluice policy show" });
  if (bundle) {
    const { bundleLines } = await import("./policy/bundle-words.ts");
    const state = { fresh: "ok", cached: "note", grace: "wrong", expired: "wrong", none: "wrong" } as const;
    findings.push({ state: state[bundle.state], text: bundleLines(bundle, Date.now()).join(" "), ...(bundle.state !== "fresh" && { fix: "sluice policy refresh" }) });
  }
  return findings;
}

function othersCanWrite(path: string): boolean {
  if (process.platform === "win32") return false;
  const { mode } = statSync(path);
  // In a sticky folder (/tmp) others can add files but not replace ours.
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
}
