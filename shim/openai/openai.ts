import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { openAiError } from "../dialect/open-ai-error.ts";
import { chatCompletions } from "./endpoints/chat-completions.ts";
import { completions, engineCompletions } from "./endpoints/completions.ts";
import { embeddings } from "./endpoints/embeddings.ts";
import { Downloads } from "./downloads.ts";
import * as manage from "./endpoints/manage-models.ts";
import { getModel, listModels } from "./endpoints/models.ts";
import { rerank } from "./endpoints/rerank.ts";
import * as tokens from "./endpoints/tokens.ts";
import { transcriptions } from "./endpoints/transcriptions.ts";

/** OpenAI's chat, completions, embeddings and models, with what llama.cpp's servers have beside them. */
export function createOpenAi(deps: DialectDeps): Dialect {
  const downloads = new Downloads(deps);
  return {
    name: "openai",
    owns: ["/chat", "/completions", "/engines", "/embeddings", "/rerank", "/extras", "/audio"],
    error: openAiError,
    tags: {
      Chat: "Conversations, with tools, reasoning and structured output.",
      Completions: "Texts that are continued.",
      Audio: "What sounds say, for models that hear.",
      "Embeddings and ranking": "Vectors of texts, and documents ordered by a query.",
      Models: "What is configured, and what is in memory.",
      Tokens: "Texts as tokens and back, and prompts as templates make them.",
    },
    endpoints: [
      chatCompletions(deps),
      completions(deps),
      engineCompletions(deps, "copilot-codex"),
      transcriptions(deps),
      embeddings(deps),
      rerank(deps),
      listModels(deps),
      manage.watchModels(deps, downloads),
      getModel(deps),
      manage.loadModel(deps),
      manage.unloadModel(deps, downloads),
      manage.downloadModel(deps, downloads),
      manage.deleteModel(deps),
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
