import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { llamaCompletionSchema, llamaCompletionsSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import {
  type CompletionRequest,
  completionRequestSchema,
  generationWithoutEffect,
} from "../schema/completion-request.ts";
import { isMediaPrompt, type Prompt, promptList } from "../schema/prompts.ts";
import { partsToProto } from "../to-proto/media-prompt.ts";
import type { PartInit } from "../../dialect/request/media-parts.ts";
import { formatToProto, generationToProto } from "../to-proto/generation.ts";
import { type PromptCall, runCompletions } from "./run-completions.ts";

/** POST /completion: continues prompts with llama-server's parameters. */
export function completion(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/completion",
    summary: "Continue texts (llama-server)",
    body: completionRequestSchema,
    takesMedia: true,
    withoutEffect: generationWithoutEffect,
    example: { prompt: "Once upon a time", n_predict: 16 },
    result: llamaCompletionsSchema,
    chunk: llamaCompletionSchema,
    streams: true,
    explain,
    async answer(exchange) {
      const { body } = exchange;
      const shared = { model: body.model ?? "", options: generationToProto(body), responseFormat: formatToProto(body) };
      const calls: PromptCall[] = [];
      for (const prompt of promptList(body.prompt)) {
        const { kind, text } = await promptToProto(deps, exchange, prompt);
        calls.push({ request: { ...shared, prompt: { kind } }, prompt: text });
      }
      return runCompletions(deps, exchange, calls);
    },
  });
}

type Kind =
  | { case: "text"; value: string }
  | { case: "tokens"; value: { tokens: number[] } }
  | { case: "parts"; value: { parts: PartInit[] } };

/** A prompt for the proto, and as a text; one of texts and tokens in turn is put together as tokens. */
async function promptToProto(
  { client }: DialectDeps,
  { body, call }: Exchange<CompletionRequest>,
  prompt: Prompt,
): Promise<{ kind: Kind; text: string }> {
  if (typeof prompt === "string") return { kind: { case: "text", value: prompt }, text: prompt };
  if (isMediaPrompt(prompt))
    return { kind: { case: "parts", value: { parts: partsToProto(prompt) } }, text: prompt.prompt_string };
  const model = body.model ?? "";
  const tokens: number[] = [];
  for (const [at, piece] of prompt.entries()) {
    if (typeof piece === "number") tokens.push(piece);
    // Only a text at the beginning gets what the model expects before texts.
    else
      for (const token of (
        await client.inference.tokenize({ model, text: piece, addSpecial: at === 0, parseSpecial: true }, call)
      ).tokens)
        tokens.push(token);
  }
  const { text } = await client.inference.detokenize({ model, tokens }, call);
  return { kind: { case: "tokens", value: { tokens } }, text };
}
