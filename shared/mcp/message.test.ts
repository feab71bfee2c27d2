import fc from "fast-check";
import { expect, test } from "vitest";
import { guessId, guessMessage } from "./message.ts";

test.each([
  ['{"jsonrpc":"2.0","id":7,"method":"tools/ca', "7"],
  ['{"method":"tools/call","params":{"arguments":{"id":"c-1001","text":"x', null],
  ['{"method":"tools/call","params":{"arguments":{"id":"c-1001"}},"jsonrpc":"2.0","id":31', "31"],
  ['{"params":{"text":"\\"id\\":1, \\\\"},"id":"a\\u002f1"', '"a\\u002f1"'],
  ['{"a":"id","b":1,"id" : 9007199254740993}', "9007199254740993"],
  ['[{"jsonrpc":"2.0","id":3},{"id":4', "3"],
  ['{"result":[{"id":1}],"id":', null],
  ['{"id":null}', null],
  ['"id":5', null],
  ["<html>", null],
  ["", null],
])("the id of %j is guessed as %s", (text, id) => {
  expect(guessId(text)).toBe(id);
});

test("a message's own id is found behind anything, and nothing else is taken for it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.oneof(fc.integer(), fc.string({ maxLength: 20 })), (params, id) => {
      expect(guessId(JSON.stringify({ method: "m", params, id }))).toBe(JSON.stringify(id));
      expect(guessId(JSON.stringify({ method: "m", params }))).toBe(null);
    }),
  );
});

test.each([
  ['{"jsonrpc":"2.0","id":7,"method":"tools/ca', "request"],
  ['{"id":7,"params":{"result":1},"method":"x"', "request"],
  ['{"method":"x","id":7', "request"],
  ['{"result":{"method":"x"},"id":7', "response"],
  ['{"id":7,"jsonrpc":"2.0","error" : {', "response"],
  ['[{"id":7,"result":{"a":[', null],
  ['{"id":7,"params":["method","result"]', null],
  ['{"id":7,"a":"method"', null],
  ['{"id":7},{"method":"x"', null],
])("%j is guessed to be a %s", (text, kind) => {
  expect(guessMessage(text)).toEqual({ id: "7", kind });
});
