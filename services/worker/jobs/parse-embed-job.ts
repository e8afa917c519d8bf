import { invalidParameter } from "../../../clients/errors.ts";
import { Pooling, type EmbedRequest, type TextOrTokens } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { EmbedJob, EmbeddingInfo, Engine, Pooling as EnginePooling } from "../../engine/engine.ts";
import { checkInputFits, checkTextCount, mapInOrder } from "./parse-inputs.ts";
import { checkToken } from "./parse-sampling.ts";

/** Numbers of one answer, at most: 2048 vectors of 4096, which is 32 MiB on the wire and five times that as JSON. */
const maxNumbers = 2048 * 4096;

/** Embeddings that can be computed, and what to do with the vectors. */
export interface ParsedEmbedJob {
  readonly embed: EmbedJob & { readonly pooling: EnginePooling };
  readonly promptTokens: number;
  /** undefined: all. */
  readonly dimensions: number | undefined;
  readonly normalize: boolean;
}

/** The only way to get a ParsedEmbedJob. Throws an RpcError that names the field. */
export async function parseEmbedJob(request: EmbedRequest, engine: Engine): Promise<ParsedEmbedJob> {
  const { inputs, dimensions } = request;
  const { embeddingLength, embedding } = engine.info;
  checkTextCount("input", inputs.length);
  if (dimensions !== undefined && (dimensions < 1 || dimensions > embeddingLength)) {
    throw invalidParameter(
      "dimensions",
      `dimensions must be between 1 and ${embeddingLength}, the length of this model's vectors, not ${dimensions}`,
    );
  }
  const pooling = parsePooling(request.pooling, embedding);
  const tokens = await mapInOrder(inputs, (input, i) => parseInput(input, engine, inputs.length, i));
  const promptTokens = tokens.reduce((sum, { length }) => sum + length, 0);
  checkAnswer((pooling === "none" ? promptTokens : inputs.length) * (dimensions ?? embeddingLength));
  return { embed: { inputs: tokens, pooling }, promptTokens, dimensions, normalize: request.normalize ?? true };
}

async function parseInput(input: TextOrTokens, engine: Engine, count: number, i: number): Promise<Int32Array> {
  // A single input is written without brackets by those who send it.
  const param = count === 1 ? "input" : `input[${i}]`;
  const tokens = await inputTokens(input, engine, param);
  if (tokens.length === 0) throw invalidParameter(param, `${param} must not be empty`);
  checkInputFits(param, tokens.length, engine.info.embedding.inputTokens);
  return tokens;
}

async function inputTokens({ kind }: TextOrTokens, engine: Engine, param: string): Promise<Int32Array> {
  switch (kind.case) {
    case "text":
      if (kind.value === "") throw invalidParameter(param, `${param} must not be empty`);
      return engine.tokenize(kind.value, { addSpecial: true, parseSpecial: false });
    case "tokens":
      for (const token of kind.value.tokens) checkToken(param, token, engine.info.vocabularySize);
      return Int32Array.from(kind.value.tokens);
    default:
      throw invalidParameter(param, `${param} is missing: give a text or tokens`);
  }
}

function parsePooling(pooling: Pooling, { pooling: own }: EmbeddingInfo): EnginePooling {
  switch (pooling) {
    case Pooling.UNSPECIFIED:
      if (own !== undefined) return own;
      throw invalidParameter(
        "pooling",
        "this model is a reranker: let it rank documents, or say with pooling (mean, cls, last, none) what its vectors are to be made of",
      );
    case Pooling.MEAN:
      return "mean";
    case Pooling.CLS:
      return "cls";
    case Pooling.LAST:
      return "last";
    case Pooling.NONE:
      return "none";
    default:
      throw invalidParameter("pooling", `there is no pooling ${String(pooling)}`);
  }
}

function checkAnswer(numbers: number): void {
  if (numbers <= maxNumbers) return;
  const message = `the vectors of these inputs have ${numbers} numbers, and an answer holds ${maxNumbers}: send fewer inputs at once`;
  throw invalidParameter("input", message);
}
