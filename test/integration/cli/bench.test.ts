import { expect, test } from "vitest";
import { parseBench } from "../../../cli/bench/parse-bench.ts";
import { runBench } from "../../../cli/bench/run-bench.ts";
import type { CompleteRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { startRpc } from "../../support/rpc.ts";

test("tokenwire bench sends as many prompts at once as there are users, each of its own", async () => {
  const requests: CompleteRequest[] = [];
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  await using rpc = await startRpc(
    {
      tokenize: async () => ({ tokens: [1, 2, 3, 4, 5] }),
      async *complete(request) {
        requests.push(request);
        most = Math.max(most, ++running);
        // After the warm-up the answers wait for each other.
        if (running === 3) gate.resolve();
        if (requests.length > 1) await gate.promise;
        const promptTokens = request.prompt?.kind.case === "tokens" ? request.prompt.kind.value.tokens.length : 0;
        const usage = { promptTokens, completionTokens: request.options?.maxTokens ?? 0 };
        running--;
        yield { event: { case: "finished", value: { usage, timings: { decodeMs: 1 } } } };
      },
    },
    { models: { listModels: async () => ({ models: [{ id: "m" }] }) } },
  );
  const lines: string[] = [];
  const words = ["--users", "3", "--prompt_tokens", "7", "--max_tokens", "4", "--json", "--address", rpc.address];
  const output = { out: (line: string) => lines.push(line), signal: new AbortController().signal };
  await runBench(parseBench(words, {}), output);
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ model: "m", users: 3, promptTokens: 21, completionTokens: 12 }),
  ]);
  expect(most).toBe(3);
  const [, ...measured] = requests;
  const prompts = measured.map(({ prompt }) => (prompt?.kind.case === "tokens" ? prompt.kind.value.tokens : []));
  expect(new Set(prompts.map(([first]) => first)).size).toBe(3);
  expect(measured.every(({ options }) => options?.cachePrompt === false && options.ignoreEos)).toBe(true);
});
