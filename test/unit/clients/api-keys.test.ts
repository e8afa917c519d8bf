import { expect, test } from "vitest";
import { createKeyCheck } from "../../../clients/api-keys.ts";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";

const reasonOf = (keys: readonly string[], headers: Readonly<Record<string, string>>): string => {
  try {
    createKeyCheck(keys)((name) => headers[name]);
    return "passes";
  } catch (error) {
    return error instanceof RpcError && error.reason === ErrorReason.UNAUTHENTICATED ? error.message : String(error);
  }
};

test.each([{}, { authorization: "Bearer None" }, { authorization: "Basic eA==" }, { "x-api-key": "any" }])(
  "without keys everyone passes: %j",
  (headers) => {
    expect(reasonOf([], headers)).toBe("passes");
  },
);

test.each([
  { authorization: "Bearer one" },
  { authorization: "bearer  two " },
  { "x-api-key": "two" },
  { authorization: "Basic eA==", "x-api-key": "one" },
  // As clients do that put a placeholder where they have no token.
  { authorization: "Bearer None", "x-api-key": "one" },
])("one of several keys opens: %j", (headers) => {
  expect(reasonOf(["one", "two"], headers)).toBe("passes");
});

test.each([{}, { authorization: "" }, { "x-api-key": "" }, { authorization: "one" }, { authorization: "Basic b25l" }])(
  "no key is told apart: %j",
  (headers) => {
    expect(reasonOf(["one"], headers)).toMatch(/^no API key was given: send it as `Authorization: Bearer <key>`/);
  },
);

test.each([
  { authorization: "Bearer on" },
  { authorization: "Bearer ones" },
  { authorization: "Bearer ONE" },
  { "x-api-key": "one " },
])("a wrong key does not open: %j", (headers) => {
  expect(reasonOf(["one"], headers)).toBe("the API key is not one of this server's");
});
