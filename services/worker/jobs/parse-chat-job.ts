import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { ChatRequest } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { GenerateJob } from "../../engine/engine.ts";
import { type ChatPrompt, isCallForced, type PromptRequest } from "../../engine/text/chat-prompt.ts";
import type { LoadedModel } from "../loaded-model.ts";
import { answerGrammar } from "./answer/answer-grammar.ts";
import { type AnswerSchemas, schemasToCheck, type Unenforced } from "./answer/answer-schemas.ts";
import { checkPromptFits } from "./inputs/check-prompt.ts";
import { parseLimits } from "./parse-limits.ts";
import { parseSampling } from "./parse-sampling.ts";
import { fitPrompt, tokenizeParts } from "./inputs/tokenize-parts.ts";

/** A chat that can be run: everything is checked and in tokens. */
export interface ChatJob {
  readonly generate: GenerateJob;
  readonly prompt: ChatPrompt;
  /** The request's own stop texts: only they are told, those of the chat format are nobody's business. */
  readonly stop: readonly string[];
  /** Most tool calls in one answer. */
  readonly maxCalls: number;
  /** Log-probabilities of the prompt's tokens, with so many alternatives; undefined: none. */
  readonly promptLogprobs: number | undefined;
  /** What of the request's schemas the grammar does not enforce, and the schemas to check the answer against therefore. */
  readonly unenforced: readonly Unenforced[];
  readonly schemas: AnswerSchemas;
}

/** The only way to get a ChatJob. Throws an RpcError that names the field. */
export async function parseChatJob(
  request: ChatRequest,
  model: LoadedModel,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChatJob> {
  const { engine } = model;
  const { options } = request;
  const { promptLogprobs, ...limits } = parseLimits(options, engine);
  if (limits.maxTokens === 0) throw invalidParameter("max_tokens", "max_tokens must be at least 1, not 0");
  const maxCalls = request.parallelToolCalls === false ? 1 : Infinity;
  const sampling = await parseSampling(options, model);
  const { prompt, written } = await parsePrompt(request, model, signal);
  const fitted = fitPrompt(written, {
    truncation: options?.truncation,
    most: engine.info.contextLength - 1,
    scoredBy: promptLogprobs === undefined ? undefined : "prompt_logprobs",
  });
  checkPromptFits("messages", fitted.prompt.length, engine.info.contextLength);
  const { grammar, unenforced } = await compileAnswer(request, prompt, { model, signal });
  const generate = {
    ...limits,
    ...fitted,
    sampling,
    grammar,
    stop: [...new Set([...limits.stop, ...prompt.stop])],
    keepSpecial: prompt.keepSpecial || limits.keepSpecial,
    ...(await reasoningBudget(request, prompt, { model, maxTokens: limits.maxTokens })),
  };
  const schemas = schemasToCheck(request, unenforced);
  return { generate, prompt, stop: limits.stop, maxCalls, promptLogprobs, unenforced, schemas };
}

/** What the answer is held to. Schemas and tools are compiled elsewhere, as they may take long. */
async function compileAnswer(
  request: ChatRequest,
  prompt: ChatPrompt,
  { model, signal }: { readonly model: LoadedModel; readonly signal: AbortSignal },
): Promise<ReturnType<typeof answerGrammar>> {
  const format = request.responseFormat?.format.case;
  const isQuick = request.tools.length === 0 && (format === undefined || format === "gbnf");
  return isQuick ? answerGrammar(request, prompt) : model.compiler.chat(request, prompt, signal);
}

/** Tokens that most calls of a few arguments fit into. */
const shortCall = 256;

/** Ends reasoning after its budget, where the model reasons between tags. */
async function reasoningBudget(
  request: ChatRequest,
  { reasoning, reasoningOpen, toolParser }: ChatPrompt,
  { model: { engine }, maxTokens }: { readonly model: LoadedModel; readonly maxTokens: number | undefined },
): Promise<Pick<GenerateJob, "reasoning">> {
  const asked = request.reasoning?.budgetTokens;
  // A call that has to come must not be thought away: half of a bounded answer is its, and enough for a short one.
  const forced = isCallForced(request) && reasoning !== undefined && maxTokens !== undefined;
  const budget =
    asked ?? (forced ? Math.max(0, Math.min(Math.floor(maxTokens / 2), maxTokens - shortCall)) : undefined);
  if (budget === undefined) return {};
  if (reasoning === undefined) {
    // Who does not reason at all keeps every bound.
    if (toolParser.reasonsUntagged !== true) return {};
    const message = "this model does not reason between tags, so its reasoning cannot be bounded: limit max_tokens";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "reasoning.budget_tokens" });
  }
  // As templates put it; before a forced call its grammar knows what follows.
  const end = await engine.tokenize(`\n${reasoning.end}${forced ? "" : "\n\n"}`, {
    addSpecial: false,
    parseSpecial: true,
  });
  return { reasoning: { ...reasoning, budget, open: reasoningOpen, endTokens: [...end] } };
}

/** A conversation as the prompt that the model is given, and its tokens. */
export async function parsePrompt(request: PromptRequest, model: LoadedModel, signal: AbortSignal) {
  const prompt = await writePrompt(request, model, signal);
  return { prompt, written: await tokenizeParts(prompt.parts, model.engine, { addSpecial: "start" }) };
}

/** The prompt as text. What a caller's template takes is found out beside the steps, before it runs between them. */
export async function writePrompt(
  request: PromptRequest,
  { prompter, compiler }: LoadedModel,
  signal: AbortSignal,
): Promise<ChatPrompt> {
  if (request.chatTemplate !== undefined) await compiler.tryPrompt(request, signal);
  return prompter.prompt(request);
}
