import type { DialectDeps } from "../dialect/deps.ts";
import { type Dialect, type Endpoint, endpoint } from "../dialect/dialect.ts";
import { openAiError } from "../dialect/open-ai-error.ts";
import { pongSchema, versionSchema } from "./answers.ts";
import { rerank } from "./endpoints/rerank.ts";
import { score } from "./endpoints/score.ts";

/** What vLLM serves beside OpenAI's API: scores, Cohere's ranking, and the two words of its operators. */
export function createVllm(deps: DialectDeps): Dialect {
  return {
    name: "vllm",
    owns: ["/score", "/v2/rerank", "/version", "/ping"],
    tags: { vllm: "What vLLM serves beside OpenAI's API." },
    error: openAiError,
    endpoints: [score(deps), rerank(deps), version(deps), ping("get"), ping("post")],
  };
}

function version({ version: own }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/version",
    result: versionSchema,
    summary: "The version of this server",
    answer: () => ({ json: { version: own } }),
  });
}

/** SageMaker's way to ask whether anybody is there. */
function ping(method: "get" | "post"): Endpoint {
  return endpoint({
    method,
    path: "/ping",
    summary: "200 while the process answers",
    result: pongSchema,
    answer: () => ({ json: {} }),
  });
}
