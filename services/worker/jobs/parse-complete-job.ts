import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { CompleteRequest, ContentParts, TextOrTokens } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Engine, GenerateJob, MediaPrompt, PromptPart, TokenizeOptions } from "../../engine/engine.ts";
import { showParts } from "../../engine/text/media/media-marks.ts";
import { parsePart } from "../../engine/text/media/parse-part.ts";
import type { LoadedModel } from "../loaded-model.ts";
import { type AnswerSchemas, schemasToCheck, type Unenforced } from "./answer/answer-schemas.ts";
import { checkPromptFits } from "./inputs/check-prompt.ts";
import { parseLimits } from "./parse-limits.ts";
import { responseGrammar } from "./answer/response-grammar.ts";
import { checkToken, parseSampling } from "./parse-sampling.ts";
import { snippetTokens } from "./inputs/snippet-tokens.ts";
import { fitPrompt, tokenizeParts } from "./inputs/tokenize-parts.ts";

/** A completion that can be run: everything is checked and in tokens. */
export interface CompleteJob {
  readonly generate: GenerateJob;
  /** What each choice begins with: the prompt, if it is to be repeated. */
  readonly echo: string;
  /** The prompt's first token is a BOS that no part of its text is of. */
  readonly addedBos: boolean;
  /** Log-probabilities of the prompt's tokens, with so many alternatives; undefined: none. */
  readonly promptLogprobs: number | undefined;
  /** What of the request's schema the grammar does not enforce, and the schema to check the answer against therefore. */
  readonly unenforced: readonly Unenforced[];
  readonly schemas: AnswerSchemas;
}

/** The only way to get a CompleteJob. Throws an RpcError that names the field. */
export async function parseCompleteJob(
  request: CompleteRequest,
  model: LoadedModel,
  { signal }: { readonly signal: AbortSignal },
): Promise<CompleteJob> {
  const { engine } = model;
  const { options } = request;
  const { promptLogprobs, ...limits } = parseLimits(options, engine);
  const sampling = await parseSampling(options, model);
  const { responseFormat: format } = request;
  const isQuick = format === undefined || format.format.case === "gbnf";
  const answer = isQuick ? responseGrammar(format) : await model.compiler.response(format, signal);
  const { grammar, unenforced } = answer;
  const isScored = request.echo && limits.topLogprobs !== undefined;
  const fitted = fitPrompt(await parsePrompt(request, engine), {
    truncation: options?.truncation,
    most: engine.info.contextLength - 1,
    scoredBy: promptLogprobs !== undefined ? "prompt_logprobs" : isScored ? "echo" : undefined,
  });
  checkPromptFits("prompt", fitted.prompt.length, engine.info.contextLength);
  if (isScored && request.suffix !== undefined) {
    const message =
      "echo cannot have log-probabilities with a suffix: the model is given the two texts in another form";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "echo" });
  }
  return {
    generate: { ...limits, ...fitted, sampling, grammar },
    echo: request.echo ? echoOf(request.prompt, engine) : "",
    addedBos: request.prompt !== undefined && request.prompt.kind.case !== "tokens" && engine.info.addsBos,
    promptLogprobs,
    unenforced,
    schemas: schemasToCheck({ responseFormat: request.responseFormat, tools: [] }, unenforced),
  };
}

async function parsePrompt(request: CompleteRequest, engine: Engine): Promise<MediaPrompt> {
  const { prompt, suffix } = request;
  if (suffix === undefined) return promptTokens(prompt, engine, { addSpecial: "start" });
  const { fim, contextLength } = engine.info;
  if (fim === undefined) {
    const message = "this model has no fill-in-the-middle tokens, so it cannot use a suffix";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "suffix" });
  }
  const [start, before, after] = await Promise.all([
    engine.tokenize("", { addSpecial: "start", parseSpecial: false }),
    textTokens(prompt, engine),
    engine.tokenize(suffix, { addSpecial: false, parseSpecial: false }),
  ]);
  const room = contextLength - start.length - before.length - after.length - 4 - answerRoom(request, contextLength);
  const shown = await snippetTokens(request.snippets, { engine, fim, room });
  // Joined without spreading, which has no room for the tokens of a long text.
  const parts = [start, shown, [fim.prefix], before, [fim.suffix], after, [fim.middle]];
  return { tokens: Int32Array.from(parts.flatMap((part) => Array.from(part))), media: [] };
}

/** What snippets must leave of the context for the answer. */
function answerRoom({ options }: CompleteRequest, contextLength: number): number {
  return Math.min(options?.maxTokens ?? Infinity, Math.floor(contextLength / 4));
}

/** Of what stands before a suffix. */
async function textTokens(prompt: TextOrTokens | undefined, engine: Engine): Promise<Int32Array> {
  const { tokens, media } = await promptTokens(prompt, engine, { addSpecial: false });
  if (media.length === 0) return tokens;
  const message = "a prompt with pictures or sounds cannot be filled in: leave out suffix";
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "suffix" });
}

/** A raw prompt is its author's own format, control tokens included. */
async function promptTokens(
  prompt: TextOrTokens | undefined,
  engine: Engine,
  { addSpecial }: Pick<TokenizeOptions, "addSpecial">,
): Promise<MediaPrompt> {
  const kind = prompt?.kind;
  switch (kind?.case) {
    case "text":
      return tokenizeParts([kind.value], engine, { addSpecial });
    case "tokens":
      for (const token of kind.value.tokens) checkToken("prompt", token, engine.info.vocabularySize);
      return { tokens: Int32Array.from(kind.value.tokens), media: [] };
    case "parts":
      return tokenizeParts(parseParts(kind.value), engine, { addSpecial });
    default:
      throw invalidParameter("prompt", "prompt is missing: give a text or tokens");
  }
}

/** Control tokens by their names, as in a text prompt, and as in log-probabilities. */
function echoOf(prompt: TextOrTokens | undefined, engine: Engine): string {
  const kind = prompt?.kind;
  switch (kind?.case) {
    case "tokens":
      return Buffer.concat(kind.value.tokens.map((token) => engine.tokenBytes(token, { special: true }))).toString();
    case "parts":
      return showParts(parseParts(kind.value));
    default:
      return kind?.value ?? "";
  }
}

function parseParts({ parts }: ContentParts): PromptPart[] {
  if (parts.length === 0) throw invalidParameter("prompt", "prompt has no parts: give a text");
  return parts.map((part, i) => parsePart(part, `prompt.parts[${i}]`));
}
