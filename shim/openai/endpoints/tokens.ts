import type { CallOptions } from "../../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { tokenPiece, tokenText } from "../../dialect/answer/token-text.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import {
  contentSchema,
  inputTokensSchema,
  promptSchema,
  textSchema,
  tokenCountSchema,
  tokenListSchema,
  tokensSchema,
} from "../answers/tokens.ts";
import {
  applyTemplateSchema,
  detokenizeSchema,
  extrasDetokenizeSchema,
  extrasTokenizeSchema,
  type TokenizeRequestBody,
  tokenizeSchema,
} from "../schema/token-requests.ts";
import { withOwnParam } from "../own-param.ts";
import { promptFieldsSchema } from "../schema/prompt-fields.ts";
import { promptToProto } from "../to-proto/prompt.ts";

const post = { method: "post", tag: "Tokens" } as const;

/** POST /extras/tokenize and /extras/tokenize/count: as the replaced server does, with BOS where the model wants it. */
export function extrasTokenize({ client }: DialectDeps, answer: "tokens" | "count"): Endpoint {
  return endpoint({
    ...post,
    ...(answer === "count"
      ? {
          path: "/extras/tokenize/count",
          operationId: "countTextTokens",
          summary: "Count the tokens of a text (llama_cpp.server)",
          result: tokenCountSchema,
        }
      : {
          path: "/extras/tokenize",
          operationId: "tokenizeText",
          summary: "The tokens of a text (llama_cpp.server)",
          result: tokenListSchema,
        }),
    example: { input: "Hello!" },
    body: extrasTokenizeSchema,
    async answer({ body: { model, input }, call }) {
      const request = { model: model ?? "", text: input, addSpecial: true, parseSpecial: true };
      const { tokens } = await client.inference.tokenize(request, call);
      return { json: answer === "count" ? { count: tokens.length } : { tokens } };
    },
  });
}

/** POST /extras/detokenize */
export function extrasDetokenize({ client }: DialectDeps): Endpoint {
  return endpoint({
    ...post,
    path: "/extras/detokenize",
    operationId: "detokenizeText",
    summary: "The text of tokens (llama_cpp.server)",
    example: { tokens: [1, 2, 3] },
    result: textSchema,
    body: extrasDetokenizeSchema,
    async answer({ body: { model, tokens }, call }) {
      const { text } = await client.inference.detokenize({ model: model ?? "", tokens: [...tokens] }, call);
      return { json: { text } };
    },
  });
}

/** POST /tokenize, with the defaults of llama-server for `content`, and of vLLM for `prompt` and `messages`. */
export function tokenize(deps: DialectDeps): Endpoint {
  return endpoint({
    ...post,
    path: "/tokenize",
    operationId: "tokenize",
    summary: "The tokens of a text (llama-server, vLLM)",
    example: { content: "Hello!", with_pieces: true },
    result: tokensSchema,
    body: tokenizeSchema,
    async answer({ body, call }) {
      const { content } = body;
      if (content == null) return { json: await vllmTokens(deps, body, call) };
      const request = {
        model: body.model ?? "",
        text: content,
        addSpecial: body.add_special ?? false,
        parseSpecial: body.parse_special ?? true,
      };
      const { tokens, pieces } = await deps.client.inference.tokenize(request, call);
      const withPiece = (id: number, index: number) => ({
        id,
        piece: tokenPiece(pieces[index] ?? new Uint8Array()),
      });
      return { json: { tokens: body.with_pieces === true ? tokens.map(withPiece) : tokens } };
    },
  });
}

async function vllmTokens({ client }: DialectDeps, body: TokenizeRequestBody, call: CallOptions): Promise<object> {
  const model = body.model ?? "";
  const text = body.messages == null ? (body.prompt ?? "") : await templated(client, body, call);
  const addSpecial = body.add_special_tokens ?? true;
  const { tokens, pieces } = await client.inference.tokenize({ model, text, addSpecial, parseSpecial: true }, call);
  const { model: id } = await client.inference.describeModel({ model }, call);
  const { model: configured } = await client.models.getModel({ id }, call);
  return {
    count: tokens.length,
    max_model_len: configured?.details?.contextLength ?? 0,
    tokens,
    ...(body.return_token_strs === true && { token_strs: pieces.map(tokenText) }),
  };
}

async function templated(client: DialectDeps["client"], body: TokenizeRequestBody, call: CallOptions): Promise<string> {
  const index =
    body.messages?.findIndex(
      ({ content }) => Array.isArray(content) && content.some(({ type }) => type !== "text" && type !== "refusal"),
    ) ?? -1;
  if (index >= 0) {
    const param = `messages[${index}].content`;
    const message = `${param} has more than text in it, which has no tokens of its own: ask /v1/chat/completions/input_tokens`;
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
  }
  return (await client.inference.applyTemplate(promptToProto({ ...body, messages: body.messages ?? [] }), call)).prompt;
}

/** POST /detokenize, answered under llama-server's name and vLLM's. */
export function detokenize({ client }: DialectDeps): Endpoint {
  return endpoint({
    ...post,
    path: "/detokenize",
    operationId: "detokenize",
    summary: "The text of tokens (llama-server, vLLM)",
    example: { tokens: [1, 2, 3] },
    result: contentSchema,
    body: detokenizeSchema,
    async answer({ body: { model, tokens }, call }) {
      const { text } = await client.inference.detokenize({ model: model ?? "", tokens: [...tokens] }, call);
      return { json: { content: text, prompt: text } };
    },
  });
}

/** POST /v1/chat/completions/input_tokens: how many prompt tokens the chat would have. */
export function countChatTokens({ client }: DialectDeps): Endpoint {
  return endpoint({
    ...post,
    path: "/v1/chat/completions/input_tokens",
    summary: "Count the prompt tokens of a conversation (llama-server)",
    body: promptFieldsSchema,
    takesMedia: true,
    operationId: "countChatTokens",
    example: { messages: [{ role: "user", content: "Hello!" }] },
    result: inputTokensSchema,
    explain: withOwnParam,
    async answer({ body, call }) {
      const { tokens } = await client.inference.countTokens(promptToProto(body), call);
      return { json: { object: "response.input_tokens", input_tokens: tokens } };
    },
  });
}

/** POST /apply-template: the prompt that a chat request would become. */
export function applyTemplate({ client }: DialectDeps): Endpoint {
  return endpoint({
    ...post,
    path: "/apply-template",
    operationId: "applyTemplate",
    summary: "The prompt that a conversation becomes (llama-server)",
    example: { messages: [{ role: "user", content: "Hello!" }] },
    result: promptSchema,
    body: applyTemplateSchema,
    takesMedia: true,
    explain: withOwnParam,
    async answer({ body, call }) {
      const { prompt } = await client.inference.applyTemplate(promptToProto(body), call);
      return { json: { prompt } };
    },
  });
}
