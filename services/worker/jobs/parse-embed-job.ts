import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { Pooling, type EmbedRequest, type TextOrTokens } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { EmbedJob, EmbeddingInfo, Engine, Pooling as EnginePooling } from "../../engine/engine.ts";
import { checkInputFits, checkTextCount, mapInOrder } from "./inputs/parse-inputs.ts";
import { checkToken } from "./parse-sampling.ts";
import { truncate, truncationLimit } from "./inputs/truncate.ts";

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
  const cut = await createCut(request, engine);
  const tokens = await mapInOrder(inputs, (input, i) => {
    // A single input is written without brackets by those who send it.
    return parseInput(input, engine, { param: inputs.length === 1 ? "input" : `input[${i}]`, cut });
  });
  const promptTokens = tokens.reduce((sum, { length }) => sum + length, 0);
  checkAnswer((pooling === "none" ? promptTokens : inputs.length) * (dimensions ?? embeddingLength));
  return { embed: { inputs: tokens, pooling }, promptTokens, dimensions, normalize: request.normalize ?? true };
}

interface InputOptions {
  readonly param: string;
  readonly cut: (tokens: Int32Array) => Int32Array;
}

async function parseInput(input: TextOrTokens, engine: Engine, { param, cut }: InputOptions): Promise<Int32Array> {
  const whole = await inputTokens(input, engine, param);
  const tokens = input.kind.case === "text" ? cut(whole) : whole;
  if (tokens.length === 0) throw invalidParameter(param, `${param} must not be empty`);
  checkInputFits(param, tokens.length, engine.info.embedding.inputTokens);
  return tokens;
}

/** Cuts texts as the request wants; the tokens that the model expects around a text stay. */
async function createCut({ truncation }: EmbedRequest, engine: Engine): Promise<InputOptions["cut"]> {
  const limit = truncationLimit(truncation, engine.info.embedding.inputTokens);
  if (limit === undefined) return (tokens) => tokens;
  const around = (await engine.tokenize("", { addSpecial: true, parseSpecial: false })).length;
  const before = engine.info.addsBos || around > 1 ? Math.min(1, around) : 0;
  const after = around - before;
  const most = Math.max(0, limit - around);
  return (tokens) => {
    if (tokens.length <= limit) return tokens;
    const body = truncate(tokens.subarray(before, tokens.length - after), {
      truncation: truncation && { ...truncation, maxTokens: 0 },
      most,
      side: "right",
    });
    const cut = new Int32Array(body.length + around);
    cut.set(tokens.subarray(0, before));
    cut.set(body, before);
    cut.set(tokens.subarray(tokens.length - after), before + body.length);
    return cut;
  };
}

async function inputTokens({ kind }: TextOrTokens, engine: Engine, param: string): Promise<Int32Array> {
  switch (kind.case) {
    case "text":
      if (kind.value === "") throw invalidParameter(param, `${param} must not be empty`);
      return engine.tokenize(kind.value, { addSpecial: true, parseSpecial: false });
    case "tokens":
      for (const token of kind.value.tokens) checkToken(param, token, engine.info.vocabularySize);
      return Int32Array.from(kind.value.tokens);
    case "parts": {
      const message = `${param} has parts, which are not embedded: give a text or tokens`;
      throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
    }
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
        "this model is a reranker: let it rank documents, or set pooling (mean, cls, last, none) to get vectors",
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
