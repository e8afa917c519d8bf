import { expect } from "vitest";
import { asking, chatPath, completionsPath, type ContractServer, embeddingsPath } from "./contract-server.ts";
import { getWeather } from "./example-tools.ts";
import { modelWithBos } from "./probed-server.ts";

/** Something that clients of llama_cpp.server may notice here. */
export interface Difference {
  readonly subject: string;
  readonly there: string;
  readonly here: string;
  /** Fails an expectation when it is not so. */
  readonly check: (server: ContractServer) => Promise<unknown>;
}

const hello = { ...asking("Hello!"), temperature: 0, max_tokens: 4 };
const tooLong = asking("word ".repeat(9_000));

const statusOf = async (server: ContractServer, path: string, body: unknown) => {
  const response = await server.send(path, body);
  await response.text();
  return response.status;
};

/** Differences from llama_cpp.server 0.3.35 and, where there is a choice, what is kept of it. */
export const differences: readonly Difference[] = [
  {
    subject: "an unknown `model`",
    there: "answered by the first model, under the name that was asked for",
    here: 'changed: 404 `model_not_found`, with the names that there are; the setting `unknown_model: "default"` brings the old way back',
    check: async (server) => expect(await statusOf(server, chatPath, { ...hello, model: "gpt-99" })).toBe(404),
  },
  {
    subject: "`model` left out",
    there: "the first model",
    here: "kept",
    check: async (server) => expect((await server.chat(hello)).model).toBe("tiny-guide"),
  },
  {
    subject: "several models",
    there: "one in memory; the other name swaps it",
    here: "changed: both stay, as far as memory goes",
    async check(server) {
      for (const model of ["tiny-guide", modelWithBos]) await server.chat({ ...hello, model });
      const states = (await server.models()).slice(0, 2).map((model) => "status" in model && model.status);
      expect(states).toEqual([{ value: "loaded" }, { value: "loaded" }]);
    },
  },
  {
    subject: "a new request while another is answered",
    there: "cuts a running stream off (`interrupt_requests`), or waits",
    here: "changed: they run side by side, in one batch; `interrupt_requests: true` brings the old way back",
    async check(server) {
      const answers = await Promise.all([1, 2, 3].map(() => server.chatStream({ ...hello, max_tokens: 40 })));
      for (const chunks of answers) expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    },
  },
  {
    subject: "unknown fields (`templature`)",
    there: "vanish",
    here: "changed: ignored, and named in the `warning` header, with what was probably meant",
    async check(server) {
      const response = await server.send(chatPath, { ...hello, templature: 0.9 });
      expect(response.headers.get("warning")).toContain("temperature");
      await response.text();
    },
  },
  {
    subject: "`n`, `best_of`",
    there: "accepted, and ignored",
    here: "changed: they do what they say",
    check: async (server) => expect((await server.chat({ ...hello, n: 2 })).choices).toHaveLength(2),
  },
  {
    subject: "the default of `repeat_penalty`",
    there: "1.1",
    here: "changed: 1 (off), since it makes correct code, JSON and lists less likely; the other defaults are kept",
    async check(server) {
      const request = { prompt: "1, 2, 1, 2, 1, 2, 1,", temperature: 0, max_tokens: 30 };
      const [plain, off] = await Promise.all(
        [request, { ...request, repeat_penalty: 1 }].map((it) => server.complete(it)),
      );
      expect(plain?.choices[0]?.text).toBe(off?.choices[0]?.text);
    },
  },
  {
    subject: "`max_tokens` of a chat, left out or null",
    there: "what the context holds",
    here: "kept",
    check: async (server) =>
      expect((await server.chat({ ...asking("Hello!"), max_tokens: null })).choices[0]?.finish_reason).toBe("stop"),
  },
  {
    subject: "`max_tokens` of a completion",
    there: "16; null or 0: what the context holds",
    here: "changed: 16, for null too, as OpenAI has it; 0 generates nothing, and measures the prompt with `echo` and `logprobs`",
    async check(server) {
      const tokens = async (max_tokens: unknown) =>
        (await server.complete({ prompt: "Once upon a time", max_tokens })).usage?.completion_tokens;
      expect([await tokens(undefined), await tokens(null), await tokens(0)]).toEqual([16, 16, 0]);
    },
  },
  {
    subject: "`max_tokens` below 0",
    there: "what the context holds",
    here: "changed: 400",
    check: (server) => server.refusal(chatPath, { ...hello, max_tokens: -1 }),
  },
  {
    subject: "the role `developer`, and `name` in messages",
    there: "500; ignored",
    here: "changed: served, as far as the model's template can say them",
    check: (server) =>
      server.chat({ ...hello, messages: [{ role: "developer", content: "Be brief.", name: "x" }, ...hello.messages] }),
  },
  {
    subject: "a prompt that does not fit",
    there: "400 `context_length_exceeded`, but an empty stream with 200",
    here: "kept, and 400 for streams too",
    async check(server) {
      for (const stream of [false, true]) {
        const refusal = await server.refusal(chatPath, { ...tooLong, stream });
        expect(refusal).toMatchObject({ code: "context_length_exceeded", param: "messages" });
      }
    },
  },
  {
    subject: "several prompts in one completion",
    there: "500",
    here: "changed: each is answered",
    check: async (server) => expect((await server.complete({ prompt: ["a", "b"] })).choices).toHaveLength(2),
  },
  {
    subject: "a tool call",
    there: "`tool_calls` and `function_call` in one message; ids like `call__0_name_cmpl-…`; `auto` does not call",
    here: "changed: the form that the request used, ids like `call_…`; `auto` lets the model decide",
    async check(server) {
      const { choices } = await server.chat({
        ...asking("What is the weather in Paris?"),
        tools: [getWeather],
        temperature: 0,
      });
      expect(choices[0]?.message).toMatchObject({ tool_calls: [{ id: expect.stringMatching(/^call_\w+$/) }] });
      expect(choices[0]?.message.function_call).toBeUndefined();
    },
  },
  {
    subject: '`response_format: {"type": "json_object", "schema": …}`, `grammar`, `logit_bias_type`, `mirostat_mode`',
    there: "served",
    here: "kept; what no grammar can enforce of a schema is named in `warning`, instead of any JSON",
    check: (server) =>
      server.chat({ ...hello, response_format: { type: "json_object", schema: { type: "object", maxProperties: 0 } } }),
  },
  {
    subject: "embeddings",
    there: "need `embedding: true`; as the model says them; cut to `n_batch` tokens; nested lists for chat models",
    here: "changed: always there, of length 1 (`normalize: false` for the model's own), pooled to one vector; too long inputs are a 400",
    async check(server) {
      const { data } = await server.embed({ input: "a", encoding_format: "float" });
      expect(Math.hypot(...(data[0]?.embedding ?? []))).toBeCloseTo(1, 4);
      expect((await server.refusal(embeddingsPath, { input: "word ".repeat(9_000) })).code).toBe(
        "context_length_exceeded",
      );
    },
  },
  {
    subject: "`model` in answers",
    there: "the name that was asked for",
    here: "changed: the model that answers",
    check: async (server) => expect((await server.complete({ prompt: "a" })).model).toBe("tiny-guide"),
  },
  {
    subject: "`/v1/models`",
    there: "without `created`, `owned_by: me`",
    here: "changed: with `created`, which SDKs read, and with `status` and `meta`",
    check: async (server) =>
      expect((await server.models())[0]).toMatchObject({ owned_by: "tokenwire", created: expect.any(Number) }),
  },
  {
    subject:
      "`/extras/tokenize`, `/extras/tokenize/count`, `/extras/detokenize`, `/v1/engines/copilot-codex/completions`",
    there: "served; they swap the model",
    here: "kept, without a swap",
    check: async (server) =>
      expect(await statusOf(server, "/v1/engines/copilot-codex/completions", { prompt: "a", max_tokens: 1 })).toBe(200),
  },
  {
    subject: "errors",
    there: '`{"detail": …}` for a wrong key or path; Python\'s message for what broke',
    here: "changed: OpenAI's shape for all, with `param` and `code`; what broke is in the log, under the request's id",
    async check(server) {
      const { code } = await server.refusal("/v1/nothing", {});
      expect(code).toBe("not_found");
      expect((await server.refusal(completionsPath, "{")).code).toBe("invalid_json");
    },
  },
  {
    subject: "`Authorization: Bearer None`",
    there: "fine while no key is set",
    here: "kept; with `api_key` a key may also come as `x-api-key`, and there may be several",
    async check(server) {
      const response = await server.send(chatPath, hello, { authorization: "Bearer None" });
      expect(response.status).toBe(200);
      await response.text();
    },
  },
  {
    subject: "a client that leaves",
    there: "is noticed between two pieces of a stream, else not",
    here: "changed: its work ends within one step, streamed or not",
    async check(server) {
      const leaving = AbortSignal.timeout(150);
      const request = { ...asking("Count to 100."), max_tokens: 4_000, ignore_eos: true };
      const url = server.tokenwire.url + chatPath;
      await expect(fetch(url, { method: "POST", body: JSON.stringify(request), signal: leaving })).rejects.toThrow();
      await expect.poll(() => server.tokenwire.metric("tokenwire_slots_busy")).toBe(0);
    },
  },
  {
    subject: "pages of other origins (CORS)",
    there: "may all call",
    here: "changed: none, unless `cors_origins` names them",
    async check(server) {
      const response = await server.send(chatPath, hello, { origin: "https://example.com" });
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      await response.text();
    },
  },
  {
    subject: "health and metrics",
    there: "none",
    here: "new: `/health`, `/ready`, `/metrics`",
    async check(server) {
      for (const path of ["/health", "/ready", "/metrics"]) {
        expect((await fetch(server.tokenwire.url + path)).status).toBe(200);
      }
    },
  },
];
