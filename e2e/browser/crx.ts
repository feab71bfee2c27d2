/** Packs a built extension as a signed CRX and serves it the way an organization would: with an update manifest, here on loopback. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sandboxSwitches } from "./protected.ts";

export interface PackedExtension {
  readonly id: string;
  readonly version: string;
  readonly crx: Buffer;
}

export interface PackOptions {
  readonly browserPath: string;
  readonly extensionDir: string;
  /** PKCS#8; the id follows from it. */
  readonly pemFile: string;
  readonly id: string;
}

/** Lets the browser itself pack the folder. Throws with the browser's words when it refuses, for example a managed schema that it could not install. */
export async function packExtension(options: PackOptions): Promise<PackedExtension> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-pack-"));
  try {
    // The browser writes the CRX beside the folder, so it packs a copy.
    const copy = join(folder, "extension");
    cpSync(options.extensionDir, copy, { recursive: true });
    const args = ["--headless=new", ...sandboxSwitches(), `--user-data-dir=${join(folder, "profile")}`, `--pack-extension=${copy}`, `--pack-extension-key=${options.pemFile}`];
    await promisify(execFile)(options.browserPath, args, { timeout: 60_000 }).catch((error: unknown) => {
      throw new Error(`the browser does not pack ${options.extensionDir}: ${refusal(error)}`, { cause: error });
    });
    const manifest = JSON.parse(readFileSync(join(copy, "manifest.json"), "utf8")) as { version: string };
    return { id: options.id, version: manifest.version, crx: readFileSync(`${copy}.crx`) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function refusal(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return /chrome_main_delegate\.cc:\d+\] (.*)/.exec(stderr)?.[1] ?? String(error);
}

export interface UpdateServer {
  /** For `update_url` in ExtensionSettings or after the `;` in ExtensionInstallForcelist. */
  readonly updateUrl: string;
  close(): Promise<void>;
}

/** Serves an update manifest and the CRX that it names. */
export async function serveUpdates(packed: PackedExtension): Promise<UpdateServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/update.xml") response.setHeader("content-type", "text/xml").end(updateManifest(packed, port()));
    else if (path === "/extension.crx") response.setHeader("content-type", "application/x-chrome-extension").end(packed.crx);
    else response.writeHead(404).end();
  });
  const port = (): number => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return {
    updateUrl: `http://127.0.0.1:${String(port())}/update.xml`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function updateManifest(packed: PackedExtension, port: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0"><app appid="${packed.id}"><updatecheck codebase="http://127.0.0.1:${String(port)}/extension.crx" version="${packed.version}"/></app></gupdate>
`;
}
