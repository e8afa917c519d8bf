/** Metrics of ours that mean what one of vLLM's does, so that its dashboards and autoscalers read them. */
const names: Readonly<Record<string, string>> = {
  requests_running: "num_requests_running",
  requests_waiting: "num_requests_waiting",
  kv_cache_usage_ratio: "kv_cache_usage_perc",
  prompt_tokens_total: "prompt_tokens_total",
  completion_tokens_total: "generation_tokens_total",
  time_to_first_token_seconds: "time_to_first_token_seconds",
  time_per_output_token_seconds: "time_per_output_token_seconds",
  inter_token_latency_seconds: "inter_token_latency_seconds",
  request_duration_seconds: "e2e_request_latency_seconds",
  request_queue_time_seconds: "request_queue_time_seconds",
  request_prompt_tokens: "request_prompt_tokens",
  request_completion_tokens: "request_generation_tokens",
};

const ours = new RegExp(
  `^((?:# (?:HELP|TYPE) )?)tokenwire_(${Object.keys(names).join("|")})(?=(?:_bucket|_sum|_count)?[ {])`,
);

/**
 * Those lines of a Prometheus exposition that have a name of vLLM's, under that name and with its label `model_name`
 * (https://docs.vllm.ai/en/stable/design/metrics, version 1).
 */
export function withVllmNames(exposition: string): string {
  const lines = exposition.split("\n").flatMap((line) => {
    const [, before = "", name = ""] = ours.exec(line) ?? [];
    if (name === "") return [];
    const rest = line.slice(before.length + `tokenwire_${name}`.length);
    return [`${before}vllm:${names[name]}${rest.replace(/(?<=[{,])model="/, 'model_name="')}`];
  });
  return `${exposition}${lines.join("\n")}\n`;
}
