import type { JsonObject } from "@bufbuild/protobuf";
import type { ShimHandler } from "../context.ts";
import { pieceFromProto } from "../openai/from-proto/piece.ts";
import {
  applyTemplateSchema,
  detokenizeSchema,
  extrasDetokenizeSchema,
  extrasTokenizeSchema,
  tokenizeSchema,
} from "../openai/schema/token-requests.ts";
import { messagesToProto } from "../openai/to-proto/messages.ts";
import { toolsToProto } from "../openai/to-proto/tools.ts";
import type { RouteDeps } from "./deps.ts";
import { callOptions, readRequest } from "./read-request.ts";

/** POST /extras/tokenize, and with `count` /extras/tokenize/count: as the replaced server does, with BOS where the model wants it. */
export function extrasTokenize(deps: RouteDeps, answer: "tokens" | "count"): ShimHandler {
  return async (ctx) => {
    const { model, input } = await readRequest(ctx, deps, extrasTokenizeSchema);
    const call = { model: model ?? "", text: input, addSpecial: true, parseSpecial: true };
    const { tokens } = await deps.client.inference.tokenize(call, callOptions(ctx, deps));
    ctx.body = answer === "count" ? { count: tokens.length } : { tokens };
  };
}

/** POST /extras/detokenize */
export function extrasDetokenize(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const { model, tokens } = await readRequest(ctx, deps, extrasDetokenizeSchema);
    const { text } = await deps.client.inference.detokenize(
      { model: model ?? "", tokens: [...tokens] },
      callOptions(ctx, deps),
    );
    ctx.body = { text };
  };
}

/** POST /tokenize, with llama-server's defaults. */
export function tokenize(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, tokenizeSchema);
    const call = {
      model: request.model ?? "",
      text: request.content,
      addSpecial: request.add_special ?? false,
      parseSpecial: request.parse_special ?? true,
    };
    const { tokens, pieces } = await deps.client.inference.tokenize(call, callOptions(ctx, deps));
    const withPiece = (id: number, index: number) => ({ id, piece: pieceFromProto(pieces[index] ?? new Uint8Array()) });
    ctx.body = { tokens: request.with_pieces === true ? tokens.map(withPiece) : tokens };
  };
}

/** POST /detokenize */
export function detokenize(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const { model, tokens } = await readRequest(ctx, deps, detokenizeSchema);
    const { text } = await deps.client.inference.detokenize(
      { model: model ?? "", tokens: [...tokens] },
      callOptions(ctx, deps),
    );
    ctx.body = { content: text };
  };
}

/** POST /apply-template: the prompt that a chat request would become. */
export function applyTemplate(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, applyTemplateSchema);
    const call = {
      model: request.model ?? "",
      messages: messagesToProto(request.messages),
      tools: toolsToProto({ tools: request.tools }).tools ?? [],
      // It came out of JSON.parse, so everything inside is JSON.
      chatTemplateKwargs: (request.chat_template_kwargs ?? undefined) as JsonObject | undefined,
    };
    const { prompt } = await deps.client.inference.applyTemplate(call, callOptions(ctx, deps));
    ctx.body = { prompt };
  };
}
