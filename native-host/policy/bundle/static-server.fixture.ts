/** A static web server on loopback over a folder, with ETags, that can be told to misbehave; and counts what it hands out. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

export type Misbehaviour = (response: ServerResponse, body: Buffer | null) => void;

export interface StaticServer {
  readonly url: string;
  /** Which folder it hands out; may be changed. */
  folder: string;
  /** By file name (`timestamp.json`): instead of handing it out. */
  readonly instead: Map<string, Misbehaviour>;
  /** `200 timestamp.json`, in order. */
  readonly log: string[];
  close(): Promise<void>;
}

export async function openStaticServer(folder: string): Promise<StaticServer> {
  const instead = new Map<string, Misbehaviour>();
  const log: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const name = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname)).replace(/^\/+/, "");
      const body = await readFile(join(self.folder, name)).catch(() => null);
      const misbehave = instead.get(name);
      if (misbehave) return misbehave(response, body);
      const etag = body && `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
      const status = body === null ? 404 : request.headers["if-none-match"] === etag ? 304 : 200;
      log.push(`${status} ${name}`);
      response.writeHead(status, etag ? { etag } : {});
      response.end(status === 200 ? body : undefined);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const self: StaticServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    folder,
    instead,
    log,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}
