/** Starts a launcher as a browser would, says hello and waits for the answer: the only proof that a registration works. */
import { spawn } from "node:child_process";
import { HOST_SEAM } from "../../shared/messages/host.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { encodeFrame, frameDecoder } from "../messaging/framing.ts";

export interface RoundTrip {
  readonly version: string;
  readonly ms: number;
  /** Policy id and revision as the host sent it. */
  readonly policy: string;
}

/** @param callerArguments what this kind of browser passes: the origin, or manifest path and extension id. */
export async function roundTrip(launcher: string, callerArguments: readonly string[], timeoutMs = 5000): Promise<Result<RoundTrip>> {
  const started = performance.now();
  // On Windows a .cmd needs the command interpreter, as browsers do it.
  const child = process.platform === "win32" ? spawn("cmd.exe", ["/d", "/c", launcher, ...callerArguments], { stdio: "pipe" }) : spawn(launcher, callerArguments, { stdio: "pipe" });
  const timeout = setTimeout(() => child.kill(), timeoutMs);
  const decoder = frameDecoder();
  let complaint = "";
  let version = "";
  let policyText = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(0, 2000)));
  child.stdin.on("error", () => undefined); // it ended before we spoke: its exit tells

  return new Promise((resolve) => {
    const finish = (result: Result<RoundTrip>) => {
      clearTimeout(timeout);
      child.stdin.end();
      resolve(result);
    };
    child.on("error", (error) => finish(fail(`it could not be started: ${error.message}`)));
    child.on("close", (code, signal) => finish(fail(`${signal ? "it did not answer in time" : `it ended with code ${code} before it answered`}${complaint ? `: ${complaint.trim().split("\n").join(" ")}` : ""}`)));
    child.stdout.on("data", (chunk: Uint8Array) => {
      for (const frame of decoder.push(chunk)) {
        if (frame.kind !== "message") return finish(fail("it writes something to stdout that is no message (a stray print?)"));
        const message = frame.value as { kind?: unknown; seam?: unknown; version?: unknown; part?: unknown; parts?: unknown; text?: unknown };
        if (message.kind === "hello") {
          version = String(message.version);
          if (message.seam !== HOST_SEAM) return finish(fail(`it is of another version (${version})`));
        }
        if (message.kind !== "policy") continue;
        policyText += String(message.text);
        if (message.part !== Number(message.parts) - 1) continue;
        const policy = JSON.parse(policyText) as { id: string; revision: number };
        return finish(ok({ version, ms: Math.round(performance.now() - started), policy: `${policy.id} revision ${policy.revision}` }));
      }
    });
    const hello = encodeFrame({ kind: "hello", seam: HOST_SEAM, version: "doctor", browser: "doctor" });
    if (hello.ok) child.stdin.write(hello.value);
  });
}
