import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { openAiError } from "../dialect/open-ai-error.ts";
import { chatCompletions } from "./endpoints/chat-completions.ts";
import { completions, engineCompletions } from "./endpoints/completions.ts";
import { embeddings } from "./endpoints/embeddings.ts";
import { getModel, listModels } from "./endpoints/models.ts";
import { rerank } from "./endpoints/rerank.ts";
import * as tokens from "./endpoints/tokens.ts";

/** OpenAI's chat, completions, embeddings and models, with what llama.cpp's servers have beside them. */
export function createOpenAi(deps: DialectDeps): Dialect {
  return {
    name: "openai",
    owns: ["/chat", "/completions", "/engines", "/embeddings", "/rerank", "/extras"],
    error: openAiError,
    endpoints: [
      chatCompletions(deps),
      completions(deps),
      engineCompletions(deps, "copilot-codex"),
      embeddings(deps),
      rerank(deps),
      listModels(deps),
      getModel(deps),
      tokens.extrasTokenize(deps, "tokens"),
      tokens.extrasTokenize(deps, "count"),
      tokens.extrasDetokenize(deps),
      tokens.countChatTokens(deps),
      tokens.tokenize(deps),
      tokens.detokenize(deps),
      tokens.applyTemplate(deps),
    ],
  };
}
