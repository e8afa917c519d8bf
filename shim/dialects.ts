import type { DialectDeps } from "./dialect/deps.ts";
import type { CreateDialect, Dialect } from "./dialect/dialect.ts";
import { createAnthropic } from "./anthropic/anthropic.ts";
import { createLlamaServer } from "./llama-server/llama-server.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAi } from "./openai/openai.ts";
import { createResponses } from "./responses/responses.ts";
import { createTei } from "./tei/tei.ts";
import { createVllm } from "./vllm/vllm.ts";

/** Every dialect that is spoken, a line each; the first one's errors answer where no dialect is known. */
const spoken: readonly [CreateDialect, ...CreateDialect[]] = [
  createOpenAi,
  createResponses,
  createAnthropic,
  createOllama,
  createLlamaServer,
  createVllm,
  createTei,
];

export function createDialects(deps: DialectDeps): readonly [Dialect, ...Dialect[]] {
  const [first, ...others] = spoken;
  return [first(deps), ...others.map((create) => create(deps))];
}
