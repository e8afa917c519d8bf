import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenApiDocument } from "../../shim/dialect/docs/openapi.ts";
import { countFieldsWithoutEffect, messageFieldsWithoutEffect } from "../../shim/anthropic/schema/message-request.ts";
import { chatFieldsWithoutEffect } from "../../shim/openai/schema/chat-request.ts";
import { completionFieldsWithoutEffect } from "../../shim/openai/schema/completion-request.ts";
import { embeddingFieldsWithoutEffect } from "../../shim/openai/schema/embedding-request.ts";
import { rerankFieldsWithoutEffect } from "../../shim/openai/schema/rerank-request.ts";
import {
  inputTokensFieldsWithoutEffect,
  responseFieldsWithoutEffect,
} from "../../shim/responses/schema/response-request.ts";
import { compatibilityPage, type FieldRow } from "./contract/compatibility-page.ts";
import { asking, chatPath, completionsPath, type ContractServer, embeddingsPath } from "./contract/contract-server.ts";
import { reranker, startProbedServer } from "./contract/probed-server.ts";
import { chatProbes } from "./contract/probes/chat-probes.ts";
import { completionProbes } from "./contract/probes/completion-probes.ts";
import { deliveryProbes, modelProbe } from "./contract/probes/delivery-probes.ts";
import { embeddingProbes } from "./contract/probes/embedding-probes.ts";
import { continuingProbes, habitPathProbes, habitProbes } from "./contract/probes/habit-probes.ts";
import { llamaServerProbed } from "./contract/probes/llama-server-probes.ts";
import { limitProbes } from "./contract/probes/limit-probes.ts";
import { chatGenerate, completeGenerate, type Generate, type Probe, type Probed } from "./contract/probes/probe.ts";
import { expectNoEffectWarning, expectUnsupported, nestedRefusals } from "./contract/probes/refusal-probes.ts";
import { manageModelsProbed } from "./contract/probes/manage-model-probes.ts";
import {
  countTokensPath,
  countTokensProbes,
  message,
  messageProbes,
  messagesPath,
} from "./contract/probes/message-probes.ts";
import {
  hello as response,
  inputTokensPath,
  inputTokensProbes,
  responseProbes,
  responsesPath,
} from "./contract/probes/response-probes.ts";
import { ollamaProbed } from "./contract/probes/ollama-probes.ts";
import { rerankProbes } from "./contract/probes/rerank-probes.ts";
import { samplingProbes } from "./contract/probes/sampling-probes.ts";
import { scoreProbed } from "./contract/probes/score-probes.ts";
import { tokenProbes } from "./contract/probes/token-probes.ts";
import { differences } from "./contract/replaced-server.ts";

/*
 * Probes every parameter of every endpoint against the real server, and writes down what was seen:
 * `npm run compatibility` updates docs/compatibility.md.
 */

let server: ContractServer;
beforeAll(async () => {
  server = await startProbedServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const both = (generate: (server: ContractServer) => Generate): Probe[] =>
  [...samplingProbes, ...limitProbes, ...habitProbes].map((probe) => ({
    ...probe,
    run: (it) => probe.run(generate(it)),
  }));

const chat = { ...asking("Hello!"), max_tokens: 3 };
const completion = { prompt: "a", max_tokens: 3 };
const probed: Readonly<Record<string, Probed>> = {
  [chatPath]: {
    request: chat,
    probes: [
      ...deliveryProbes(chatPath, chat),
      ...chatProbes,
      ...both(chatGenerate),
      ...habitPathProbes(chatPath),
      ...continuingProbes,
    ],
    withoutEffect: chatFieldsWithoutEffect,
  },
  [completionsPath]: {
    request: completion,
    probes: [
      ...deliveryProbes(completionsPath, completion),
      ...completionProbes,
      ...both(completeGenerate),
      ...habitPathProbes(completionsPath),
    ],
    withoutEffect: completionFieldsWithoutEffect,
  },
  [embeddingsPath]: {
    request: { input: "a" },
    probes: [modelProbe(embeddingsPath, { input: "a" }), ...embeddingProbes],
    withoutEffect: embeddingFieldsWithoutEffect,
  },
  "/v1/rerank": {
    request: { query: "a", documents: ["b"], model: reranker },
    probes: rerankProbes,
    withoutEffect: rerankFieldsWithoutEffect,
  },
  [responsesPath]: {
    request: response,
    probes: [modelProbe(responsesPath, response), ...responseProbes],
    withoutEffect: responseFieldsWithoutEffect,
  },
  [inputTokensPath]: {
    request: { input: response.input },
    probes: [modelProbe(inputTokensPath, { input: response.input }), ...inputTokensProbes],
    withoutEffect: inputTokensFieldsWithoutEffect,
  },
  [messagesPath]: {
    request: message,
    probes: [modelProbe(messagesPath, message), ...messageProbes],
    withoutEffect: messageFieldsWithoutEffect,
  },
  [countTokensPath]: {
    request: { messages: message.messages },
    probes: [modelProbe(countTokensPath, { messages: message.messages }), ...countTokensProbes],
    withoutEffect: countFieldsWithoutEffect,
  },
  ...ollamaProbed,
  ...llamaServerProbed,
  ...scoreProbed,
  ...Object.fromEntries(
    Object.entries(tokenProbes).map(([path, probes]) => [path, { request: {}, probes, withoutEffect: {} }]),
  ),
  ...manageModelsProbed,
};

const rows = new Map<string, FieldRow[]>();
const found = (path: string, row: FieldRow): void => void rows.set(path, [...(rows.get(path) ?? []), row]);

describe.each(Object.entries(probed))("%s", (path, { request, probes, withoutEffect }) => {
  test.each(probes)("enforces $field", async ({ field, seen, run }) => {
    await run(server);
    found(path, { field, status: "enforced", detail: seen });
  });

  test("refuses what it knows and does not serve", async () => {
    for (const [field, description] of await fieldsOf(path)) {
      const isProbed = probes.some((probe) => probe.field === field);
      if (isProbed || !description.startsWith("Not served")) continue;
      // No field is satisfied by this.
      await expectUnsupported(server, { path, request: { ...request, [field]: { probe: true } }, param: field });
      found(path, { field, status: "refused", detail: description.replace(/^Not served: |\.$/g, "") });
    }
  });

  test("warns of what has no effect", async () => {
    for (const [field, why] of Object.entries(withoutEffect)) {
      await expectNoEffectWarning(server, path, { request, field });
      found(path, { field, status: "no effect", detail: why });
    }
  });

  test("has no field without a row: add a probe", async () => {
    const known = (await fieldsOf(path)).map(([field]) => field);
    const told = rows.get(path)?.map(({ field }) => field) ?? [];
    expect(known.filter((field) => !told.includes(field))).toEqual([]);
    expect(told.filter((field, index) => told.indexOf(field) !== index)).toEqual([]);
  });
});

test.each(nestedRefusals)("refuses %s", (_, request, param) =>
  expectUnsupported(server, { path: chatPath, request, param }),
);

test.each(differences)("llama_cpp.server: $subject", async ({ check }) => {
  await check(server);
});

test("every endpoint is served", async () => {
  const { paths } = await document();
  const bodies = Object.keys(paths).filter((path) => paths[path]?.["post"]?.requestBody !== undefined);
  // A form has tests of its own, with a model that hears: media.test.ts.
  const told = [...Object.keys(probed), "/v1/engines/copilot-codex/completions", "/v1/audio/transcriptions"];
  expect(bodies.filter((path) => !told.includes(path))).toEqual([]);
  for (const path of Object.keys(paths).filter((it) => paths[it]?.["get"] !== undefined)) {
    // Stored responses have tests of their own: there is none of a known id.
    if (path.startsWith("/v1/responses/")) continue;
    const response = await fetch(server.tokenwire.url + path.replace("{id}", "tiny-guide"));
    expect(response.status, path).toBe(200);
    // One of them has no end of its own.
    await response.body?.cancel();
  }
});

test("docs/compatibility.md says what was seen (npm run compatibility)", async () => {
  const { paths } = await document();
  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => ({ endpoint: `${method.toUpperCase()} ${path}`, summary })),
  );
  const fields = Object.fromEntries([...rows].map(([path, of]) => [`POST ${path}`, of]));
  const nested = nestedRefusals.map(([what, , param]) => [what, param] as const);
  const replaced = differences.map(({ subject, there, here }) => [subject, there, here] as const);
  const page = await compatibilityPage({ endpoints, fields, nested, replaced });
  await expect(page).toMatchFileSnapshot("../../docs/compatibility.md");
});

async function document(): Promise<OpenApiDocument> {
  return (await (await fetch(`${server.tokenwire.url}/openapi.json`)).json()) as OpenApiDocument;
}

/** The fields of an endpoint's body, and what the API's description says of them. */
async function fieldsOf(path: string): Promise<[field: string, description: string][]> {
  const { paths, components } = await document();
  const reference = paths[path]?.["post"]?.requestBody?.content["application/json"]?.schema.$ref ?? "";
  const schema = components.schemas[reference.replace("#/components/schemas/", "")];
  return Object.entries(schema?.properties ?? {}).map(([field, it]) => [
    field,
    typeof it === "object" ? (it.description ?? "") : "",
  ]);
}
