import { describe, expect, test } from "vitest";
import { AnswerCheck } from "../../../../services/worker/handlers/answer-check.ts";
import { checkSchema } from "../../../../services/worker/schema-check/check-schema.ts";
import { createSchemaChecker } from "../../../../services/worker/schema-check/schema-checker.ts";

const unique = '{"type":"array","uniqueItems":true}';

describe("checkSchema", () => {
  test.each([
    [unique, "[1,2]", { valid: true, fault: "" }],
    [unique, "[1,1]", { valid: false, fault: expect.stringContaining("# must NOT have duplicate items") }],
    [unique, "[1,", { valid: false, fault: "it is not JSON" }],
    [
      '{"properties":{"a":{"format":"odd","maxLength":1}}}',
      '{"a":"bb"}',
      { valid: false, fault: expect.stringContaining("#/a") },
    ],
    ['{"items":[{"type":"string"}],"additionalItems":false}', '["a",1]', { valid: false, fault: expect.any(String) }],
    [
      '{"$schema":"https://json-schema.org/draft/2019-09/schema","items":[{"type":"null"}]}',
      "[null,1]",
      { valid: true, fault: "" },
    ],
    [
      '{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"null"}]}',
      "[1]",
      { valid: false, fault: expect.any(String) },
    ],
    ['{"multipleOf":0.01}', "0.07", { valid: true, fault: "" }],
    ['{"$ref":"https://example.com/elsewhere"}', "1", undefined],
  ])("%s says of %s: %j", (schema, text, verdict) => {
    expect(checkSchema(schema, text)).toEqual(verdict);
  });
});

describe("createSchemaChecker", () => {
  test("answers many, each with its own verdict", async () => {
    const checker = createSchemaChecker({ timeoutMs: 30_000 });
    const texts = ["[1,2]", "[1,1]", "[]", "no"];
    const verdicts = await Promise.all(texts.map((text) => checker.check(unique, text)));
    expect(verdicts.map((verdict) => verdict?.valid)).toEqual([true, false, true, false]);
  });

  test("gives up on a check without an end, and goes on with the next", async () => {
    const checker = createSchemaChecker({ timeoutMs: 300 });
    const endless = checker.check('{"pattern":"^(a+)+$"}', JSON.stringify(`${"a".repeat(60)}b`));
    expect(await endless).toBeUndefined();
    const patient = createSchemaChecker({ timeoutMs: 30_000 });
    expect(await patient.check(unique, "[1]")).toEqual({ valid: true, fault: "" });
  });

  test("takes no more than so many at once", async () => {
    const checker = createSchemaChecker({ timeoutMs: 30_000 });
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => checker.check(unique, "[]")));
    expect(verdicts.filter((verdict) => verdict?.valid)).toHaveLength(64);
  });
});

describe("AnswerCheck", () => {
  const checker = { check: async (schema: string, text: string) => checkSchema(schema, text) };

  test("puts the answer together, and each call with the schema of its tool", async () => {
    const schemas = { content: unique, tools: new Map([["f", '{"properties":{"a":{"uniqueItems":true}}}']]) };
    const content = new AnswerCheck(schemas, checker);
    for (const piece of ["[1,", "1]"]) content.text(piece);
    expect(await content.verdict()).toMatchObject({ valid: false });
    const calls = new AnswerCheck(schemas, checker);
    calls.call({ index: 0, name: "g", arguments: "{}" });
    calls.call({ index: 1, name: "f", arguments: '{"a":' });
    calls.call({ index: 1, arguments: "[1,2]}" });
    expect(await calls.verdict()).toEqual({ valid: true, fault: "" });
  });

  test("says nothing where all is enforced", async () => {
    const check = new AnswerCheck({ content: undefined, tools: new Map() }, checker);
    check.text("not JSON");
    check.call({ name: "f", arguments: "{" });
    expect(await check.verdict()).toBeUndefined();
  });
});
