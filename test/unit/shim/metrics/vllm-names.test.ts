import { Counter, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { withVllmNames } from "../../../../shim/metrics/vllm-names.ts";

test("says again under vLLM's names what means the same, histograms with all of their series", async () => {
  const registers = [new Registry()];
  const labelNames = ["model", "operation"];
  const tokens = new Counter({
    name: "tokenwire_completion_tokens_total",
    help: "Tokens.",
    labelNames: ["model"],
    registers,
  });
  tokens.inc({ model: 'a"b' }, 7);
  const first = new Histogram({
    name: "tokenwire_time_to_first_token_seconds",
    help: "TTFT.",
    labelNames,
    buckets: [1],
    registers,
  });
  first.observe({ model: "m", operation: "chat" }, 0.5);
  new Counter({ name: "tokenwire_decode_steps_total", help: "Steps.", registers }).inc();

  const lines = withVllmNames((await registers[0]?.metrics()) ?? "").split("\n");
  expect(lines.filter((line) => line.includes("vllm:"))).toEqual([
    "# HELP vllm:generation_tokens_total Tokens.",
    "# TYPE vllm:generation_tokens_total counter",
    'vllm:generation_tokens_total{model_name="a\\"b"} 7',
    "# HELP vllm:time_to_first_token_seconds TTFT.",
    "# TYPE vllm:time_to_first_token_seconds histogram",
    'vllm:time_to_first_token_seconds_bucket{le="1",model_name="m",operation="chat"} 1',
    'vllm:time_to_first_token_seconds_bucket{le="+Inf",model_name="m",operation="chat"} 1',
    'vllm:time_to_first_token_seconds_sum{model_name="m",operation="chat"} 0.5',
    'vllm:time_to_first_token_seconds_count{model_name="m",operation="chat"} 1',
  ]);
  expect(lines).toContain("tokenwire_decode_steps_total 1");
});
