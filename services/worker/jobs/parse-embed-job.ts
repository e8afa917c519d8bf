import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { Pooling, type EmbedRequest, type TextOrTokens } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { EmbedJob, Engine } from "../../engine/engine.ts";
import { checkToken } from "./parse-sampling.ts";

const maxInputs = 2048;

/** Embeddings that can be computed, and what to do with the vectors. */
export interface ParsedEmbedJob {
  readonly embed: EmbedJob;
  readonly promptTokens: number;
  /** undefined: all. */
  readonly dimensions: number | undefined;
  readonly normalize: boolean;
}

/** The only way to get a ParsedEmbedJob. Throws an RpcError that names the field. */
export async function parseEmbedJob(request: EmbedRequest, engine: Engine): Promise<ParsedEmbedJob> {
  const { inputs, dimensions } = request;
  const { embeddingLength } = engine.info;
  if (inputs.length === 0) throw invalidParameter("input", "input must not be empty");
  if (inputs.length > maxInputs) {
    throw invalidParameter("input", `input may have at most ${maxInputs} entries, not ${inputs.length}`);
  }
  if (dimensions !== undefined && (dimensions < 1 || dimensions > embeddingLength)) {
    throw invalidParameter(
      "dimensions",
      `dimensions must be between 1 and ${embeddingLength}, the length of this model's vectors, not ${dimensions}`,
    );
  }
  const pooling = parsePooling(request.pooling);
  const tokens = await Promise.all(inputs.map((input, i) => parseInput(input, engine, inputs.length, i)));
  const promptTokens = tokens.reduce((sum, { length }) => sum + length, 0);
  return { embed: { inputs: tokens, pooling }, promptTokens, dimensions, normalize: request.normalize ?? true };
}

async function parseInput(input: TextOrTokens, engine: Engine, count: number, i: number): Promise<Int32Array> {
  // A single input is written without brackets by those who send it.
  const param = count === 1 ? "input" : `input[${i}]`;
  const tokens = await inputTokens(input, engine, param);
  const { contextLength } = engine.info;
  if (tokens.length === 0) throw invalidParameter(param, `${param} must not be empty`);
  if (tokens.length <= contextLength) return tokens;
  const message = `This model's maximum context length is ${contextLength} tokens. However, ${param} has ${tokens.length} tokens. Please reduce its length.`;
  throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, message, { param });
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

function parsePooling(pooling: Pooling): EmbedJob["pooling"] {
  switch (pooling) {
    case Pooling.UNSPECIFIED:
      return undefined;
    case Pooling.MEAN:
      return "mean";
    case Pooling.CLS:
      return "cls";
    case Pooling.LAST:
      return "last";
    default:
      throw invalidParameter("pooling", `there is no pooling ${pooling}`);
  }
}
