import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import type { OpenApiDocument } from "../../../shim/dialect/docs/openapi.ts";
import { hello, testShim } from "./support.ts";

/** What is as it is by intent: probes and pages have no refusals, and a server may be on this machine. */
const allowed = {
  "operation-4xx-response": "off",
  "no-server-example.com": "off",
  // A model's name may contain slashes.
  "no-ambiguous-paths": "off",
} as const;

async function documentOf(settings = {}): Promise<OpenApiDocument> {
  await using shim = await testShim({}, settings);
  const response = await fetch(`${shim.url}/openapi.json`);
  return (await response.json()) as OpenApiDocument;
}

test("describes every route, with the base path and the key it needs", async () => {
  const document = await documentOf({ root_path: "/llm", api_key: ["k"] });
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(["/v1/chat/completions", "/v1/models/{id}", "/extras/tokenize/count", "/ready"]),
  );
  expect(document.servers[0]?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/llm$/);
  expect(document.security).toEqual([{ bearer: [] }, { xApiKey: [] }]);
  expect(document.paths["/health"]?.["get"]?.security).toEqual([]);
});

test("describes bodies that are served, and refuses those that are not", async () => {
  const { paths, components } = await documentOf();
  const media = paths["/v1/chat/completions"]?.["post"]?.requestBody?.content["application/json"];
  expect(media?.schema).toEqual({ $ref: "#/components/schemas/CreateChatCompletionRequest" });
  const schema = components.schemas["CreateChatCompletionRequest"];
  const isValid = new Ajv2020({ strict: false }).compile(schema ?? {});
  expect(isValid({ ...hello, temperature: 0, stop: ["a"], logit_bias: { 5: 1 }, templature: 1, store: false })).toBe(
    true,
  );
  const bad = [{ temperature: 3 }, { n: 0 }, { store: true }, { audio: {} }, { messages: [] }, { seed: "1" }];
  expect(bad.filter((change) => isValid({ ...hello, ...change }))).toEqual([]);
  const fields = Object.entries(schema?.properties ?? {});
  expect(fields.filter(([, field]) => !JSON.stringify(field).includes('"description"')).map(([name]) => name)).toEqual(
    [],
  );
  expect(schema?.properties?.["user"]).toMatchObject({ description: expect.stringMatching(/^No effect/) });
});

test.each([{}, { api_key: ["k"] }])(
  "makes a document that its linter has nothing against, with %j",
  async (settings) => {
    const document = await documentOf(settings);
    const config = await createConfig({ extends: ["recommended-strict"], rules: allowed });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  },
);

test("describes each answer, chunk and operation under a name of its own", async () => {
  const { paths } = await documentOf();
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { operationId, responses } of operations) {
    const content = Object.entries(responses["200"]?.content ?? {});
    expect(content, operationId).not.toEqual([]);
    for (const [type, { schema }] of content) expect(schema, `${operationId} ${type}`).not.toEqual({});
  }
});

test("gives examples that are valid requests", async () => {
  const { paths, components } = await documentOf();
  const ajv = new Ajv2020({ strict: false });
  for (const { operationId, requestBody } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    const { schema, example } = requestBody?.content["application/json"] ?? {};
    if (schema === undefined) continue;
    expect(example, operationId).toBeDefined();
    const body = components.schemas[String(schema.$ref).split("/").at(-1) ?? ""];
    expect(ajv.validate(body ?? {}, example), `${operationId}: ${ajv.errorsText()}`).toBe(true);
  }
});

test("says at / where everything is", async () => {
  await using shim = await testShim({});
  expect(await (await fetch(`${shim.url}/`)).json()).toMatchObject({
    name: "tokenwire",
    base_url: `${shim.url}/v1`,
    routes: expect.arrayContaining(["POST /v1/chat/completions", "GET /v1/models/{id}"]),
  });
});

test("says at / its address of the network to a client that says no name", async () => {
  await using shim = await testShim({}, { root_path: "/llm" });
  const { port } = new URL(shim.url);
  const baseUrlFor = async (host: string) => {
    const socket = connect(Number(port), "127.0.0.1").end(`GET / HTTP/1.0\r\n${host}\r\n`);
    const [, body = ""] = (await text(socket)).split("\r\n\r\n");
    return (JSON.parse(body) as { base_url: string }).base_url;
  };
  expect(await baseUrlFor("Host: models.example:81\r\n")).toBe("http://models.example:81/llm/v1");
  for (const host of ["", "Host:\r\n", "Host: a b\r\n"]) {
    expect(await baseUrlFor(host)).toBe(`http://127.0.0.1:${port}/llm/v1`);
  }
});
