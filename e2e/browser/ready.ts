/** Makes sure that there is a browser to work with: finds one, installs one where that is ours to do, or says exactly what to install. */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Advice } from "../advice.ts";
import { CACHE } from "../places.ts";
import { findBrowser, type FoundBrowser } from "./find.ts";

/** A browser that loads the extension, installed by apt on Debian as root if there was none. Throws advice for the person otherwise. */
export async function readyBrowser(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<FoundBrowser> {
  const found = await findBrowser(env);
  if (!("missing" in found)) return found;
  const named = env["SLUICE_BROWSER"] ?? "";
  if (named !== "" || !isDebian() || process.getuid?.() !== 0) throw new Advice(`${found.missing}${named === "" ? `\n${whatToInstall(process.platform, systemId())}` : ""}`);
  say("no browser found; installing Debian's chromium with apt-get (log: .cache/apt.log)");
  await apt(["update"], say);
  // Screenshots need a font, which a bare system does not have.
  await apt(["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"], say);
  const installed = await findBrowser(env);
  if ("missing" in installed) throw new Advice(`apt-get installed chromium, and still: ${installed.missing} See .cache/apt.log.`);
  return installed;
}

/** What a person should install, for each system. */
export function whatToInstall(platform: NodeJS.Platform, system: string): string {
  const ways: string[] = [];
  if (platform === "darwin") ways.push("brew install --cask chromium", "or Microsoft Edge (https://www.microsoft.com/edge) or Brave (https://brave.com/download)");
  else if (platform === "win32") ways.push("winget install --id Hibbiki.Chromium", "or Microsoft Edge (https://www.microsoft.com/edge) or Brave (https://brave.com/download)");
  else if (system === "debian") ways.push("sudo apt-get install chromium");
  else if (system === "fedora") ways.push("sudo dnf install chromium");
  else if (system === "arch") ways.push("sudo pacman -S chromium");
  // Ubuntu's own package is a snap, which cannot read the hidden folder that the extension is built into.
  ways.push(`npx playwright install ${platform === "linux" ? "--with-deps " : ""}chromium`);
  return ["Install one of these, then try again:", ...ways.map((way) => `  ${way}`), "A browser that is installed elsewhere can be named in SLUICE_BROWSER."].join("\n");
}

function systemId(): string {
  try {
    return /^ID=["']?([a-z]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

function isDebian(): boolean {
  return process.platform === "linux" && systemId() === "debian";
}

function apt(args: readonly string[], say: (line: string) => void): Promise<void> {
  const log = join(CACHE, "apt.log");
  mkdirSync(dirname(log), { recursive: true });
  say(`apt-get ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const out = createWriteStream(log, { flags: "a" });
    const child = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    const alive = setInterval(() => say(`still at it (${((performance.now() - started) / 1000).toFixed(0)} s)`), 15_000);
    child.once("error", (error) => {
      clearInterval(alive);
      reject(new Advice(`apt-get could not be started: ${error.message}`));
    });
    child.once("close", (code) => {
      clearInterval(alive);
      out.end(() => (code === 0 ? resolve() : reject(new Advice(`apt-get ${args.join(" ")} failed with exit code ${String(code)}. The end of .cache/apt.log:\n\n${readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n")}`))));
    });
  });
}
