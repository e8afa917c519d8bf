import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../clients/create-client.ts";
import { openChannel } from "../../clients/channel.ts";
import { ErrorReason } from "../../clients/errors.ts";
import { GRPCInferenceService } from "../../proto/gen/inference/grpc_inference_service_pb.ts";
import {
  type GenerateRequestSchema,
  SamplingParamsSchema,
  VllmEngine,
} from "../../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

let tokenwire: Tokenwire;
let tokens: number[];
beforeAll(async () => {
  tokenwire = await startTokenwire({ args: ["--n_threads", "1"] });
  ({ tokens } = await tokenwire.client.inference.tokenize({ text: "Once upon a time" }));
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

type Sampling = Exclude<MessageInitShape<typeof SamplingParamsSchema>, { $typeName: string }>;

function engine() {
  const address = /gRPC\s+(\S+)/.exec(tokenwire.output().stdout)?.[1] ?? "";
  const channel = openChannel(address);
  return {
    vllm: createClient(VllmEngine, channel),
    kserve: createClient(GRPCInferenceService, channel),
    [Symbol.dispose]: () => channel.close(),
  };
}

const input = () => ({ case: "tokenized" as const, value: { inputIds: tokens, originalText: "" } });

async function generate(sampling: Sampling, rest: MessageInitShape<typeof GenerateRequestSchema> = {}) {
  using at = engine();
  const samplingParams = create(SamplingParamsSchema, { temperature: 0, maxTokens: 8, ...sampling });
  const events = await Array.fromAsync(at.vllm.generate({ input: input(), ...rest, samplingParams }));
  return {
    chunks: events.flatMap(({ response }) => (response.case === "chunk" ? [response.value] : [])),
    completes: events.flatMap(({ response }) => (response.case === "complete" ? [response.value] : [])),
  };
}

const textOf = async (ids: number[]) => (await tokenwire.client.inference.detokenize({ tokens: ids })).text;

async function ours(maxTokens: number): Promise<string> {
  const prompt = { kind: { case: "tokens" as const, value: { tokens } } };
  let text = "";
  for await (const { event } of tokenwire.client.inference.complete({ prompt, options: { temperature: 0, maxTokens } }))
    if (event.case === "text") text += event.value.text;
  return text;
}

describe("vllm.grpc.engine.VllmEngine", () => {
  test("generates tokens from tokens, streamed and not", async () => {
    const { chunks, completes } = await generate({}, { requestId: "a", stream: true });
    expect(completes).toMatchObject([
      { finishReason: "length", promptTokens: tokens.length, completionTokens: 8, index: 0 },
    ]);
    expect(chunks.flatMap(({ tokenIds }) => tokenIds)).toEqual(completes[0]?.outputIds);
    expect(await textOf(completes[0]?.outputIds ?? [])).toBe(await ours(8));
    const silent = await generate({}, { input: { case: "text", value: "Once upon a time" } });
    expect([silent.chunks.length, silent.completes[0]?.outputIds]).toEqual([0, completes[0]?.outputIds]);
  });

  test("stops where it is told, and says by what", async () => {
    const whole = (await generate({})).completes[0]?.outputIds ?? [];
    const stop = whole[3] ?? 0;
    const byToken = (await generate({ stopTokenIds: [stop] })).completes[0];
    expect(byToken).toMatchObject({ finishReason: "stop", matchedStop: { case: "matchedTokenId", value: stop } });
    expect(byToken?.outputIds).toEqual(whole.slice(0, whole.indexOf(stop) + 1));
    const [word = ""] = /\w+/.exec(await textOf(whole.slice(2))) ?? [];
    const byText = (await generate({ stop: [word] })).completes[0];
    expect(byText).toMatchObject({ finishReason: "stop", matchedStop: { case: "matchedStopStr", value: word } });
    expect(await textOf(byText?.outputIds ?? [])).toContain(word);
    expect((await generate({ maxTokens: 400 })).completes[0]?.finishReason).toBe("stop");
  });

  test("holds answers to a constraint", async () => {
    const text = async (constraint: NonNullable<Sampling["constraint"]>) =>
      textOf((await generate({ maxTokens: 40, temperature: 1, seed: 1, constraint })).completes[0]?.outputIds ?? []);
    expect(await text({ case: "regex", value: "[A-Z]{3}" })).toMatch(/^[A-Z]{3}(<\|\w+\|>)?$/);
    expect(await text({ case: "choice", value: { choices: ["cat", "dog"] } })).toMatch(/^(cat|dog)/);
    expect(await text({ case: "grammar", value: 'root ::= "x"' })).toMatch(/^x/);
    expect(await text({ case: "jsonSchema", value: '{"enum":[{"a":1}]}' })).toMatch(/^\{\s*"a":\s*1\s*\}/);
    expect(await text({ case: "jsonObject", value: true })).toMatch(/^\{/);
  });

  test("gives several samples, and log-probabilities of answer and prompt", async () => {
    const { completes } = await generate({ n: 2, temperature: 1, seed: 3, logprobs: 2, promptLogprobs: 1 });
    expect(completes.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([0, 1]);
    for (const { outputIds, outputLogprobs, inputLogprobs } of completes) {
      expect(outputLogprobs?.tokenIds).toEqual(outputIds);
      expect(outputLogprobs?.topLogprobs.every(({ values }) => values.length === 2)).toBe(true);
      expect(inputLogprobs?.tokenIds).toEqual(tokens);
      expect(inputLogprobs?.tokenLogprobs[0]?.value).toBeUndefined();
    }
  });

  test("aborts a request by its id, and says so; a caller who leaves frees the slot", async () => {
    using at = engine();
    const endless = create(SamplingParamsSchema, { temperature: 0, ignoreEos: true });
    const asked = { requestId: "b", stream: true, input: input(), samplingParams: endless };
    const seen: string[] = [];
    for await (const { response } of at.vllm.generate(asked)) {
      seen.push(response.case === "complete" ? response.value.finishReason : "chunk");
      if (seen.length === 1) await at.vllm.abort({ requestIds: ["b", "nobody"] });
    }
    expect(seen.at(-1)).toBe("abort");
    for await (const _ of at.vllm.generate({ ...asked, requestId: "c" })) break;
    await waitUntil("the slots are free", async () => (await at.vllm.getLoads({})).loads[0]?.numRunningReqs === 0);
  });

  test("embeds tokens", async () => {
    using at = engine();
    const { embedding, embeddingDim, promptTokens } = await at.vllm.embed({ tokenized: { inputIds: tokens } });
    expect([embedding.length, embeddingDim, promptTokens]).toEqual([192, 192, tokens.length]);
  });

  test("says who it is and how it is", async () => {
    using at = engine();
    expect(await at.vllm.healthCheck({})).toMatchObject({ healthy: true });
    const info = await at.vllm.getModelInfo({});
    expect(info).toMatchObject({
      isGeneration: true,
      servedModelName: "tiny-guide",
      maxContextLength: 1024,
      modelType: "llama",
    });
    expect(await textOf(info.eosTokenIds)).toBe("<|im_end|>");
    expect(await at.vllm.getServerInfo({})).toMatchObject({ serverType: "vllm-grpc", dataParallelSize: 1 });
    expect((await at.vllm.getLoads({})).loads).toMatchObject([{ dpRank: 0, numWaitingReqs: 0 }]);
  });

  test("refuses what it does not serve, by its name", async () => {
    using at = engine();
    const refused = (request: MessageInitShape<typeof GenerateRequestSchema>, error: object) =>
      expect(Array.fromAsync(at.vllm.generate(request))).rejects.toMatchObject(error);
    await refused({}, { reason: ErrorReason.INVALID_PARAMETER, param: "input" });
    for (const [more, param] of [
      [{ mmInputs: {} }, "mm_inputs"],
      [{ mediaRefs: {} }, "media_refs"],
      [{ kvTransferParamsJson: "{}" }, "kv_transfer_params_json"],
      [
        { samplingParams: { constraint: { case: "structuralTag" as const, value: "{}" } } },
        "sampling_params.structural_tag",
      ],
      [{ samplingParams: { logprobs: -1 } }, "sampling_params.logprobs"],
    ] as const) {
      await refused({ input: input(), ...more }, { reason: ErrorReason.UNSUPPORTED_PARAMETER, param });
    }
    await refused({ input: input(), samplingParams: { temperature: 9 } }, { param: "temperature" });
    await refused({ input: { case: "tokenized", value: { inputIds: [4_000_000] } } }, { param: "prompt" });
  });
});

test("KServe's protocol says who is there and ready", async () => {
  using at = engine();
  expect(await at.kserve.serverLive({})).toMatchObject({ live: true });
  expect(await at.kserve.serverReady({})).toMatchObject({ ready: true });
  expect(await at.kserve.modelReady({ name: "tiny-guide" })).toMatchObject({ ready: true });
  expect(await at.kserve.serverMetadata({})).toMatchObject({ name: "tokenwire" });
  expect(await at.kserve.modelMetadata({ name: "tiny-guide" })).toMatchObject({ name: "tiny-guide", versions: ["1"] });
  await expect(at.kserve.modelReady({ name: "nobody" })).rejects.toMatchObject({ reason: ErrorReason.MODEL_NOT_FOUND });
});
