/** The score says what a security person would say, and every point has its reason. */
import { expect, test } from "vitest";
import type { EventRecord } from "../events/record.ts";
import { localServer } from "../mcp/identity.ts";
import { emptyInventory, observeAll } from "./inventory.ts";
import { admitted, decision, deployment, found, initialized, message, remote, tools } from "./record.fixture.ts";
import { levelOf } from "../policy/risk-level.ts";
import { scoreServer } from "./score.ts";

const context = { sanctioned: new Set(["good"]) };
const sanctioned = decision({ matched: [admitted("good")] });
const unlisted = decision({ effect: "block", enforced: "block", decidedBy: "admission.default" });

function scoreOf(...records: EventRecord[]) {
  const [entry] = observeAll(emptyInventory(), records, context).servers.values();
  if (!entry) throw new Error("no server");
  return scoreServer(entry);
}

const READ_ONLY = [{ name: "search_pages" }, { name: "get_page" }];

test("encrypted, signed in, sanctioned, reading only: low risk", () => {
  const server = remote("https://docs.example/mcp");
  const score = scoreOf(initialized({ server, protocolVersion: "2026-07-28", authentication: "bearer" }), tools(READ_ONLY, { server }), message({ server, decision: sanctioned }));
  expect(score.level).toBe("low");
  expect(score.coverage).toBe(1);
});

test("a pinned, sanctioned local server that reads: low risk", () => {
  const server = localServer("npx", ["-y", "@acme/docs@1.2.3"]);
  expect(scoreOf(deployment({ server }), initialized({ server }), tools(READ_ONLY, { server }), message({ server, decision: sanctioned })).level).toBe("low");
});

test("plain http to the network, no sign-in, runs commands: critical, and it says why", () => {
  const server = remote("http://tools.example/mcp");
  const score = scoreOf(initialized({ server, authentication: "none" }), tools([{ name: "run_command", description: "Run a shell command" }], { server }), message({ server, decision: unlisted }));
  expect(score.level).toBe("critical");
  expect(score.score).toBeLessThanOrEqual(35);
  expect(score.caps.map((cap) => cap.text).join()).toContain("no sign-in");
  expect(score.evidence.map((item) => item.text)).toEqual(expect.arrayContaining([expect.stringContaining("not encrypted"), expect.stringContaining("without any sign-in"), expect.stringContaining("run commands")]));
});

test("plain http to this computer is not plain http to the network", () => {
  const at = (url: string) => {
    const server = remote(url);
    return scoreOf(initialized({ server, authentication: "bearer" }), tools(READ_ONLY, { server }), message({ server, decision: sanctioned }));
  };
  const [secure, loopback, lan, public_] = ["https://a.example/mcp", "http://127.0.0.1:8000/mcp", "http://192.168.1.5/mcp", "http://a.example/mcp"].map((url) => at(url).score);
  expect(secure!).toBeGreaterThanOrEqual(loopback!);
  expect(loopback!).toBeGreaterThan(lan!);
  expect(at("http://localhost.evil.example/mcp").score).toBe(public_);
  expect(at("http://[::1]:9/mcp").score).toBe(loopback);
  // A credential that travels in the open caps the score.
  expect(public_!).toBeLessThanOrEqual(35);
});

test("the ten points between good and bad habits", () => {
  const launched = (args: string[], notes: string[] = []) => {
    const server = localServer("npx", args);
    return scoreOf(deployment({ server, notes }), initialized({ server }), tools([{ name: "read_file" }, { name: "write_file" }], { server }), message({ server, decision: sanctioned })).score;
  };
  const pinned = launched(["-y", "@acme/server-filesystem@1.2.3", "/home/me/project"]);
  expect(launched(["-y", "@acme/server-filesystem", "/home/me/project"])).toBeLessThan(pinned);
  expect(launched(["-y", "@acme/server-filesystem@1.2.3", "/"])).toBeLessThan(pinned);
  expect(launched(["-y", "@acme/server-filesystem@1.2.3", "/home/me/project"], ["literal secret in environment"])).toBeLessThan(pinned);
});

test("data seen, changed descriptions and missing approval each cost", () => {
  const server = remote("https://desk.example/mcp");
  const base = [initialized({ server, authentication: "bearer" }), tools(READ_ONLY, { server })];
  const good = scoreOf(...base, message({ server, decision: sanctioned })).score;
  expect(scoreOf(...base, message({ server, decision: sanctioned, findings: [found("secret.aws-access-key")] })).score).toBeLessThan(good);
  expect(scoreOf(...base, message({ server, decision: sanctioned }), tools([{ name: "get_page", description: "now different" }], { server, time: 2000 })).score).toBeLessThan(good);
  expect(scoreOf(...base, message({ server, decision: unlisted })).score).toBeLessThan(good);
});

test("what is only configured is neither good nor bad, and the score says how little it knows", () => {
  const score = scoreOf(deployment({ server: remote("https://new.example/mcp") }));
  expect(score.level).toBe("elevated");
  expect(score.coverage).toBeLessThan(0.5);
});

test("a start command that downloads and runs a script can have no good score", () => {
  expect(scoreOf(deployment({ notes: ["downloads and runs a script"] })).score).toBeLessThanOrEqual(10);
});

test("points add up to what is missing, and the worst server still has a score", () => {
  const server = remote("http://bad.example/mcp");
  const score = scoreOf(
    deployment({ server, notes: ["secret in URL", "certificate checks turned off", "literal secret in header"] }),
    initialized({ server, protocolVersion: "2024-11-05", authentication: "none" }),
    tools([{ name: "exec" }, { name: "pay_invoice" }, { name: "delete_all" }, { name: "send_email" }], { server }),
    message({ server, decision: unlisted, findings: [found("secret.x"), found("pci.card-number")] }),
  );
  const lost = score.evidence.reduce((sum, item) => sum + item.points, 0);
  expect(score.score).toBe(Math.max(0, Math.round(Math.min(100 - lost, ...score.caps.map((cap) => cap.at)))));
  expect(score.score).toBeGreaterThanOrEqual(0);
});

test.each([[100, "low"], [90, "low"], [89, "moderate"], [75, "moderate"], [74, "elevated"], [60, "elevated"], [59, "high"], [50, "high"], [49, "critical"], [0, "critical"]] as const)("%i is %s", (score, level) => {
  expect(levelOf(score)).toBe(level);
});
