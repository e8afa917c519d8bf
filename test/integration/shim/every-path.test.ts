import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CallOptions } from "../../../clients/create-client.ts";
import { ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import type { OpenApiDocument } from "../../../shim/dialect/docs/openapi.ts";
import type { FakeHandlers } from "../../support/fake-inference.ts";
import { chat, type TestShim, testShim } from "./support.ts";

/** Everything that the OpenAPI document says is served is tried, so that no path is forgotten here. */
interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly example: Readonly<Record<string, unknown>> | undefined;
  /** The schemas of the body's fields, and that of a refusal. */
  readonly fields: Readonly<Record<string, ValidateFunction>>;
  readonly refusal: ValidateFunction;
  readonly streams: boolean;
  /** Its body is a form with a file. */
  readonly takesForm: boolean;
}

async function operationsOf(): Promise<Operation[]> {
  await using shim = await testShim({});
  const document = (await (await fetch(`${shim.url}/openapi.json`)).json()) as OpenApiDocument;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "document");
  const schemaAt = (...keys: readonly string[]) => {
    const pointer = keys.map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    return ajv.compile({ $ref: `document#/${encodeURI(pointer)}` });
  };
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { requestBody, responses }]): Operation => {
      const { schema, example } = requestBody?.content["application/json"] ?? {};
      const body = String(schema?.$ref).split("/").at(-1) ?? "";
      const fields = Object.keys(document.components.schemas[body]?.properties ?? {});
      const status = "400" in responses ? "400" : "404" in responses ? "404" : "200";
      const types = Object.keys(responses["200"]?.content ?? {});
      return {
        name: `${method.toUpperCase()} ${template}`,
        method,
        path: template.replaceAll(/\{\w+\}/g, "tiny"),
        example: example as Operation["example"],
        fields: Object.fromEntries(
          fields.map((field) => [field, schemaAt("components", "schemas", body, "properties", field)]),
        ),
        refusal:
          status === "200"
            ? ajv.compile({})
            : schemaAt("paths", template, method, "responses", status, "content", "application/json", "schema"),
        streams: types.some((type) => /event-stream|ndjson/.test(type)),
        takesForm: requestBody?.content["multipart/form-data"] !== undefined,
      };
    }),
  );
}

const operations = await operationsOf();
const withBody = operations.filter(({ example }) => example !== undefined);
const byName = (list: readonly Operation[]) => list.map((operation) => [operation.name, operation] as const);
const model = { id: "tiny", state: ModelState.RESIDENT, details: { contextLength: 64, slots: 2, generates: true } };

const answering: FakeHandlers = {
  chat: ({ options }) => [
    chat.started(),
    ...Array.from({ length: options?.n ?? 1 }, (_, choice) => [
      chat.text("Hi", choice),
      chat.finished(1, choice),
    ]).flat(),
  ],
  complete: ({ options }) =>
    Array.from({ length: options?.n ?? 1 }, (_, choice) => ({
      choice,
      event: { case: "finished" as const, value: { reason: 1 } },
    })),
  embed: ({ inputs }) => ({ embeddings: inputs.map(() => ({ values: [1] })) }),
  rerank: ({ documents }) => ({ results: documents.map((_, index) => ({ index, score: 0.5 })) }),
  tokenize: () => ({ tokens: [1] }),
  detokenize: () => ({ text: "x" }),
  countTokens: () => ({ tokens: 1 }),
  applyTemplate: () => ({ prompt: "x" }),
  describeModel: () => ({ model: "tiny", reasons: true, details: model.details }),
  listSlots: () => ({ slots: [] }),
  listModels: () => ({ models: [model] }),
  getModel: () => ({ model }),
  loadModel: () => [{ model }],
  unloadModel: () => ({}),
  deleteModel: () => ({}),
  pullModel: () => [{ stage: 3, model }],
  changeSlot: () => ({}),
  setAdapters: () => ({}),
};

let shim: TestShim;
beforeAll(async () => {
  shim = await testShim(answering, { body_limit_bytes: 400_000 });
});
afterAll(() => shim.close(0));

function send({ method, path }: Operation, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const init = { "content-type": "application/json", ...headers };
  return fetch(shim.url + path, { method: method.toUpperCase(), body, headers: init });
}

/** What is wrong with a refusal: its status, its shape, or that it does not name the field. */
async function faultOfRefusal(response: Response, { refusal }: Operation, field?: string) {
  const text = await response.text();
  if (response.status < 400 || response.status >= 500) return `${response.status} ${text}`;
  if (!refusal(JSON.parse(text))) return `in another shape: ${text}`;
  if (field === undefined) return undefined;
  const { error } = JSON.parse(text) as { error: string | { param?: string | null; message: string } };
  const named = typeof error === "string" ? error : (error.param ?? error.message);
  const isNamed = typeof error !== "string" && error.param != null ? named.startsWith(field) : named.includes(field);
  return isNamed ? undefined : `does not name ${field}: ${text}`;
}

test("there are paths of every dialect", () => {
  expect(withBody.length).toBeGreaterThan(30);
  expect(operations.filter(({ streams }) => streams).length).toBeGreaterThan(8);
});

describe.each(byName(withBody))("%s", (_, operation) => {
  test("answers its example", async () => {
    const response = await send(operation, JSON.stringify(operation.example));
    expect(response.status, await response.text()).toBeLessThan(500);
  });

  test.each<[string, string, Record<string, string>?]>([
    ["nothing", ""],
    ["half of it", JSON.stringify(operation.example).slice(0, -1)],
    ["a list", '["x"]'],
    ["a text", '"x"'],
    ["NaN", '{"model": NaN}'],
    ["an infinite number", '{"temperature": 1e999, "model": 1e999, "input": 1e999}'],
    ["JSON that nests too deep", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`],
    ["more than the limit", JSON.stringify({ ...operation.example, model: "x".repeat(400_001) })],
    ["other bytes than UTF-8's", JSON.stringify(operation.example), { "content-type": "a/b; charset=utf-16" }],
    ["an encoding", JSON.stringify(operation.example), { "content-encoding": "br" }],
  ])("refuses a body of %s in its own shape", async (_what, body, headers) => {
    expect(await faultOfRefusal(await send(operation, body, headers), operation)).toBeUndefined();
  });

  test("refuses values that its schema does not allow, and names the field", async () => {
    const faults: unknown[] = [];
    for (const [field, isServed] of Object.entries(operation.fields)) {
      for (const value of [true, "\u0000wrong", -1e300, [[]], { "": {} }]) {
        if (isServed(value)) continue;
        const response = await send(operation, JSON.stringify({ ...operation.example, [field]: value }));
        const fault = await faultOfRefusal(response, operation, field);
        if (fault !== undefined) faults.push([field, value, fault]);
      }
    }
    expect(faults).toEqual([]);
  });

  test("refuses what a field of its example must not hold, however deep it is", async () => {
    const faults: unknown[] = [];
    for (const [path, original] of leaves(operation.example)) {
      for (const value of [-0.5, "\u0000wrong", {}, [{}]]) {
        if (typeof value === typeof original && !Array.isArray(value) && typeof value !== "object") continue;
        const body = JSON.stringify(withValue(operation.example, path, value));
        const response = await send(operation, body);
        if (response.ok) await response.text();
        else {
          const fault = await faultOfRefusal(response, operation, String(path[0]));
          if (fault !== undefined) faults.push([path, value, fault]);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});

test.each(byName(operations))("%s answers another method with 405 and what there is", async (_, { method, path }) => {
  const taken = operations.filter((it) => it.path === path).map((it) => it.method);
  const other = ["patch", "put"].find((it) => !taken.includes(it)) ?? "";
  const response = await fetch(shim.url + path, { method: other.toUpperCase(), body: "{}" });
  await response.text();
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")?.toLowerCase()).toContain(method);
});

describe("a client that leaves", () => {
  /** What the service was asked, and which of its calls have ended. */
  async function waiting(first: readonly unknown[]) {
    const calls: { signal: AbortSignal | undefined; ended: boolean }[] = [];
    const begun = Promise.withResolvers<void>();
    async function* hold(_: unknown, { signal }: CallOptions) {
      const call = { signal, ended: false };
      calls.push(call);
      try {
        yield* first as never[];
        begun.resolve();
        await new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason as Error)),
        );
      } finally {
        call.ended = true;
      }
    }
    const handlers = { ...answering, chat: hold, complete: hold, loadModel: hold, pullModel: hold, watchModels: hold };
    const its = await testShim(handlers as FakeHandlers);
    return { its, calls, begun: begun.promise, [Symbol.asyncDispose]: () => its.close(0) };
  }

  const streaming = operations.filter(({ streams, path }) => streams && path !== "/v1/responses/tiny");

  test.each(byName(streaming))("frees what %s holds, while it waits and while it streams", async (_, operation) => {
    for (const first of [[], [chat.started(), chat.text("Hi")]]) {
      await using it = await waiting(operation.method === "post" ? first : []);
      const { body, headers } = await streamed(operation);
      const url = it.its.url + operation.path;
      const sent = httpRequest(url, { method: operation.method, headers }).on("error", () => undefined);
      sent.end(operation.method === "get" ? undefined : body);
      await it.begun;
      if (first.length > 0 && operation.method === "post") await once(sent, "response");
      sent.destroy();
      await expect.poll(() => it.calls.map(({ ended, signal }) => ended && signal?.aborted)).toEqual([true]);
    }
  });
});

/** The body of a request for a stream. */
async function streamed({ takesForm, example }: Operation) {
  if (!takesForm) return { body: JSON.stringify({ ...example, stream: true }), headers: {} };
  const form = new FormData();
  form.append("model", "tiny");
  form.append("stream", "true");
  form.append("file", new File(["sound"], "a.wav", { type: "audio/wav" }));
  const written = new Response(form);
  const type = written.headers.get("content-type") ?? "";
  return { body: Buffer.from(await written.arrayBuffer()), headers: { "content-type": type } };
}

type Path = readonly (string | number)[];

/** The places within a value, each with what is there. */
function leaves(value: unknown, path: Path = []): [Path, unknown][] {
  if (typeof value !== "object" || value === null) return path.length === 0 ? [] : [[path, value]];
  const inner = Object.entries(value).flatMap(([key, it]) =>
    leaves(it, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [[path, value], ...inner];
}

function withValue(target: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const copy = structuredClone(target) as Record<string | number, unknown>;
  copy[key] = withValue(copy[key], rest, value);
  return copy;
}
