import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { withOwnParam } from "../../../shim/openai/own-param.ts";

test.each([
  ["max_tokens", { max_completion_tokens: 5 }, "max_completion_tokens"],
  ["max_tokens", { max_tokens: 5 }, "max_tokens"],
  ["top_logprobs", { logprobs: 5 }, "logprobs"],
  ["top_logprobs", { logprobs: true, top_logprobs: 5 }, "top_logprobs"],
  ["reasoning.budget_tokens", { thinking_budget_tokens: 5 }, "thinking_budget_tokens"],
  ["response_format", { grammar: "x" }, "grammar"],
  ["response_format.json_schema", { response_format: {} }, "response_format.json_schema"],
  [
    "response_format.json_schema.schema",
    { response_format: { type: "json_schema" } },
    "response_format.json_schema.schema",
  ],
  ["response_format.json_schema.schema", { response_format: { schema: {} } }, "response_format.schema"],
  ["response_format.json_schema.schema", { json_schema: {} }, "json_schema"],
  ["tools[1].function.parameters", { functions: [] }, "functions[1].parameters"],
  ["tools[1].function.parameters", { tools: [] }, "tools[1].function.parameters"],
  ["mirostat_tau", { mirostat_mode: 1 }, "mirostat_tau"],
  ["messages[0].content", {}, "messages[0].content"],
  ["n", { best_of: 9, n: 2 }, "best_of"],
  ["n", { n: 2 }, "n"],
])("names %s of %j as %s", (param, request, own) => {
  const error = new RpcError(ErrorReason.INVALID_PARAMETER, "no", { param });
  expect(withOwnParam(error, request)).toMatchObject({ param: own, message: "no", reason: error.reason });
});

test("says the field as the request has it in the message too", () => {
  const error = new RpcError(ErrorReason.INVALID_PARAMETER, "max_tokens is too large", { param: "max_tokens" });
  expect(withOwnParam(error, { max_completion_tokens: 5 })).toMatchObject({
    message: "max_completion_tokens is too large",
  });
});

test("leaves other errors alone", () => {
  const error = new Error("bug");
  expect(withOwnParam(error, { max_tokens: 1 })).toBe(error);
});
