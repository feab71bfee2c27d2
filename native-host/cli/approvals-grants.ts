/** `sluice approvals grants` and `revoke`: what was allowed for a while, and how to take it back. */
import { spanWords } from "../../shared/gate/ask.ts";
import type { KeptGrant } from "../../shared/gate/grants.ts";
import { addressOf } from "../../shared/mcp/identity.ts";
import { openGrantShelf } from "../approvals/grant-shelf.ts";
import type { HostPaths } from "../home.ts";
import { openPolicy } from "../policy/store.ts";
import type { Io } from "./command.ts";
import { Failure } from "./failure.ts";
import { jsonText, printable } from "./terminal.ts";

export async function listGrants(paths: HostPaths, json: boolean, io: Io): Promise<number> {
  const grants = openGrantShelf(paths.state).list();
  const policy = await openPolicy({ paths });
  const { digest } = policy.current();
  policy.close();
  if (json) io.stdout.write(grants.map((grant) => `${jsonText({ ...grant, until: grant.given + grant.span, counts: grant.policy === digest })}\n`).join(""));
  else if (grants.length === 0) io.stdout.write("Nothing is allowed for a while.\n");
  else io.stdout.write(grants.map((grant) => words(grant, grant.policy === digest)).join(""));
  return 0;
}

export function revokeGrant(paths: HostPaths, id: string, json: boolean, io: Io): number {
  const shelf = openGrantShelf(paths.state);
  const fitting = shelf.list().filter((grant) => grant.id === id || (id.length >= 4 && grant.id.endsWith(id.toLowerCase())));
  if (fitting.length > 1) throw new Failure(`several grants end in "${printable(id, 40)}"`, { code: 1, fix: "give more of its number" });
  const [grant] = fitting;
  const done = grant !== undefined && shelf.revoke(grant.id);
  if (json) io.stdout.write(`${JSON.stringify({ id: grant?.id ?? null, revoked: done })}\n`);
  else if (done) io.stdout.write(`Taken back: ${headline(grant)}. The next call is asked about again.\n`);
  else io.stderr.write(`sluice: Nothing with the number ${printable(id, 60)} is allowed for a while: it has ended, or was taken back.\n`);
  return done ? 0 : 1;
}

function headline({ thing, server, client }: KeptGrant): string {
  const whom = printable(addressOf(server), 300);
  return `${thing === null ? whom : `${printable(thing, 120)} on ${whom}`}, for ${printable(client.name || client.id, 80)}`;
}

function words(grant: KeptGrant, counts: boolean): string {
  const left = Math.max(1, Math.ceil((grant.given + grant.span - Date.now()) / 60_000));
  const short = grant.id.slice(-8);
  const state = counts ? `${left} min left` : "no longer counts: the policy has changed since";
  return `${headline(grant)}\n  ${short}  allowed ${spanWords(grant.span)} by rule ${printable(grant.rule, 120)}, ${state}\n  sluice approvals revoke ${short}\n`;
}
