import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import type { OpenApiDocument } from "../../../shim/dialect/docs/openapi.ts";
import { hello, testShim } from "./support.ts";

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
  expect(document.security).toEqual([{ bearer: [] }]);
});

test("describes bodies that are served, and refuses those that are not", async () => {
  const { paths } = await documentOf();
  const schema = paths["/v1/chat/completions"]?.["post"]?.requestBody?.content["application/json"].schema;
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
