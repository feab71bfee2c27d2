/** The shape of conditions: what a rule, an `unless`, an exception or a server entry may ask. */
import * as z from "zod/mini";
import { duration, line, many, number, oneOrMany, strict, whole, word } from "./strict-schema.ts";

export const pattern = line(500);
export const patterns = oneOrMany(pattern);
export const direction = word("direction", ["to-server", "to-client"]);
export const transport = word("transport", ["stdio", "streamable-http", "sse", "websocket", "message-port"]);
export const authentication = word("authentication", ["none", "bearer", "other"]);
export const score = whole(0, 100);

const riskLevel = word("risk level", ["low", "moderate", "elevated", "high", "critical"]);
export const confidence = word("confidence", ["low", "medium", "high"]);
const point = word("point", ["page", "stdio", "http"]);
const pin = word("pin state", ["new", "pinned", "changed"]);
const tier = word("tier", ["evidence", "likely", "certain"]);
const by = word("count", ["tool", "server", "session"]);
const count = whole(1, 1_000_000);
const amount = strict({ over: whole(0, Number.MAX_SAFE_INTEGER) });

export const serverMatch = strict({
  id: z.optional(patterns),
  url: z.optional(patterns),
  command: z.optional(many(pattern, 100)),
  package: z.optional(patterns),
  version: z.optional(pattern),
  registryName: z.optional(patterns),
  sha256: z.optional(patterns),
  pin: z.optional(oneOrMany(pin)),
  kind: z.optional(word("kind", ["remote", "local"])),
  sanctioned: z.optional(z.boolean()),
  trust: z.optional(strict({ below: z.optional(score), atLeast: z.optional(score) })),
  riskLevel: z.optional(oneOrMany(riskLevel)),
});

export const clientMatch = strict({ id: z.optional(patterns), webApp: z.optional(patterns), point: z.optional(oneOrMany(point)) });
export const whoMatch = strict({ user: z.optional(patterns), group: z.optional(patterns), device: z.optional(patterns) });

const dataMatch = strict({ any: many(pattern), minConfidence: z.optional(confidence), minCount: z.optional(count), minTotal: z.optional(count) });

// Any text: an argument may have line breaks in it, and nothing of this is shown to a model.
const scalar = z.union([z.string().check(z.maxLength(2000, "is longer than 2000 characters")), number(), z.boolean(), z.null()]);

const argumentMatch = strict({
  at: z.string().check(z.maxLength(500, "is longer than 500 characters")),
  equals: z.optional(scalar),
  in: z.optional(many(scalar)),
  glob: z.optional(patterns),
  range: z.optional(strict({ atLeast: z.optional(number()), atMost: z.optional(number()) })),
  size: z.optional(strict({ atLeast: z.optional(whole(0, Number.MAX_SAFE_INTEGER)), atMost: z.optional(whole(0, Number.MAX_SAFE_INTEGER)) })),
  exists: z.optional(z.boolean()),
});

const timeWindow = strict({ days: z.optional(oneOrMany(line(20))), from: z.optional(line(5)), to: z.optional(line(5)), zone: line(64) });

export const condition = strict({
  who: z.optional(whoMatch),
  client: z.optional(clientMatch),
  server: z.optional(serverMatch),
  method: z.optional(patterns),
  tool: z.optional(patterns),
  prompt: z.optional(patterns),
  resource: z.optional(patterns),
  arguments: z.optional(many(argumentMatch, 50)),
  direction: z.optional(direction),
  data: z.optional(dataMatch),
  threat: z.optional(strict({ any: many(pattern), tier: z.optional(oneOrMany(tier)) })),
  flow: z.optional(strict({ has: many(pattern) })),
  transport: z.optional(oneOrMany(transport)),
  protocolVersion: z.optional(patterns),
  authentication: z.optional(oneOrMany(authentication)),
  time: z.optional(oneOrMany(timeWindow)),
  network: z.optional(oneOrMany(line(64))),
  rate: z.optional(strict({ calls: z.optional(amount), bytes: z.optional(amount), per: duration(), by: z.optional(by) })),
});
