/** A question as a gate asks it, for tests. */
import { uuidv7 } from "../base/uuid.ts";
import { sha256Hex } from "../base/digest.ts";
import type { Ask } from "../gate/ask.ts";

let count = 0;

export function anAsk(changes: Partial<Ask> = {}): Ask {
  const opened = changes.opened ?? 1_750_000_000_000;
  count++;
  return {
    ticket: uuidv7(opened, Uint8Array.from({ length: 10 }, (_, i) => (i === 9 ? count : count >> 8))),
    effect: "approve",
    call: sha256Hex(`call ${count}`),
    point: "stdio",
    client: { id: "client:cursor", name: "Cursor" },
    server: { kind: "remote", id: "srv_0123456789abcdef", url: "https://desk.example/mcp" },
    direction: "to-server",
    method: "tools/call",
    subject: "refund",
    shown: '{\n  "amount": 40\n}',
    masked: 0,
    title: "Refunds are looked at first",
    message: "Is it the right customer?",
    learnMore: null,
    rules: ["refunds"],
    policy: { id: "p", revision: 1, source: "local" },
    reason: "optional",
    spans: ["call"],
    opened,
    until: opened + 45_000,
    ...changes,
  };
}
