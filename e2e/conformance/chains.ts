/** The ways from the conformance suite to the fixture server: direct, over the bridge, and each with a guard in it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { parseDocument, type YAMLSeq } from "yaml";
import { startHttpFixture } from "../servers/conformance/http.ts";
import { ROOT } from "../places.ts";
import { startBridge } from "./bridge.ts";
import { startListening } from "./listening-guard.ts";
import { validatePolicy } from "../../shared/policy/schema.ts";

export type ChainName = "direct" | "listen" | "bridge" | "stdio" | "url";

export interface Chain {
  readonly title: string;
  /** What it must not differ from: every check must end as in one of these. */
  readonly against: readonly ChainName[];
  open(place: GuardPlace): Promise<{ readonly url: string; close(): Promise<void> }>;
}

export interface GuardPlace {
  /** Home of the guard: policy, journal. */
  readonly home: string;
  /** The program `sluice`. */
  readonly sluice: string;
}

const FIXTURE = join(ROOT, "e2e", "servers", "conformance", "stdio.ts");
/** By name, as people write it in a configuration, so that admission by command is tested as well. */
const LOCAL = { legacy: ["node", FIXTURE], modern: ["node", FIXTURE, "--modern-only"] };

/**
 * The sample policy with all its rules and detectors; only admission is opened for the fixture, which it could not know.
 * The suite's own made-up contact data (test@example.com) travels in answers that no check reads, so redaction stays on.
 */
export function makePlace(folder: string, sluice: string): GuardPlace {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const policy = parseDocument(readFileSync(join(ROOT, "docs", "policy.sample.yaml"), "utf8"));
  const servers = policy.getIn(["admission", "servers"]) as YAMLSeq;
  servers.add(policy.createNode({ id: "fixture-local", title: "Conformance fixture", match: { command: ["node", FIXTURE, "**"] }, effect: "allow" }));
  servers.add(policy.createNode({ id: "fixture-remote", title: "Conformance fixture", match: { url: "http://localhost:*/*" }, effect: "allow" }));
  // Refused, it would leave the guards with the baseline, and the suite would prove less than it says.
  const checked = validatePolicy(policy.toJS());
  if (!checked.ok) throw new Error(`the suite's policy is refused: ${checked.why.map(({ message }) => message).join("; ")}`);
  writeFileSync(join(home, "policy.yaml"), policy.toString(), { mode: 0o600 });
  return { home, sluice };
}

/** Of whatever runs with this guard in it. */
export function envOf({ home }: GuardPlace): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter), SLUICE_HOME: home };
}

export const CHAINS: Readonly<Record<ChainName, Chain>> = {
  direct: { title: "HTTP", against: [], open: () => startHttpFixture() },
  listen: {
    title: "guard --listen",
    against: ["direct"],
    async open(place) {
      const fixture = await startHttpFixture();
      const guard = await startListening(place.sluice, fixture.url, envOf(place));
      return { url: guard.url, close: async () => void (await Promise.all([guard.close(), fixture.close()])) };
    },
  },
  bridge: { title: "bridge", against: [], open: (place) => startBridge({ ...LOCAL, env: envOf(place) }) },
  stdio: {
    title: "guard --",
    against: ["bridge"],
    open: (place) => {
      const behind = (command: readonly string[]): string[] => [process.execPath, place.sluice, "guard", "--client", "conformance", "--", ...command];
      return startBridge({ legacy: behind(LOCAL.legacy), modern: behind(LOCAL.modern), env: envOf(place) });
    },
  },
  url: {
    title: "guard --url",
    // The bridge's duties fail as they do before a pipe, the rest ends as the HTTP server behind ends it.
    against: ["bridge", "direct"],
    async open(place) {
      const fixture = await startHttpFixture();
      const command = [process.execPath, place.sluice, "guard", "--client", "conformance", "--url", fixture.url];
      const bridge = await startBridge({ legacy: command, modern: command, env: envOf(place) });
      return { url: bridge.url, close: async () => void (await Promise.all([bridge.close(), fixture.close()])) };
    },
  },
};
