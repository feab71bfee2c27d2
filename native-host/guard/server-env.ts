/** The environment of a guarded server: the one its client has given, whatever our launcher had to put aside. */
import { KEPT_FOR_SERVER } from "../install/launcher.ts";

export function serverEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { ...env };
  for (const name of KEPT_FOR_SERVER) {
    const kept = `SLUICE_SERVER_${name}`;
    if (own[kept] === undefined) continue;
    own[name] = own[kept];
    delete own[kept];
  }
  return own;
}
