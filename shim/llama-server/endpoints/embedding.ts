import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { Embedding, EmbedRequestSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { DialectDeps, Init } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { llamaEmbeddingsSchema } from "../answers.ts";
import { embeddingRequestSchema } from "../schema/other-requests.ts";
import { isMediaPrompt, type Prompt, promptList } from "../schema/prompts.ts";

/** POST /embedding: a list of vectors for each text, as models without pooling have several. */
export function embedding({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/embedding",
    summary: "Turn texts into vectors (llama-server)",
    body: embeddingRequestSchema,
    example: { content: "Hello!" },
    result: llamaEmbeddingsSchema,
    async answer({ body, call, note }) {
      const content = body.content ?? body.input;
      if (content == null) throw invalidParameter("content", "content is required");
      const response = await client.inference.embed(
        {
          model: body.model ?? "",
          inputs: promptList(content).map(inputToProto),
          normalize: body.embd_normalize !== -1,
        },
        call,
      );
      note(response);
      return { json: response.embeddings.map((it, index) => ({ index, embedding: vectorsOf(it) })) };
    },
  });
}

function inputToProto(input: Prompt): NonNullable<Init<typeof EmbedRequestSchema>["inputs"]>[number] {
  if (isMediaPrompt(input)) {
    const message = "content with multimodal_data is not embedded: send a text or tokens";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "content" });
  }
  if (typeof input === "string") return { kind: { case: "text", value: input } };
  const tokens = input.filter((piece) => typeof piece === "number");
  if (tokens.length < input.length) {
    throw invalidParameter(
      "content",
      "content must be texts or lists of tokens: a list of both in turn is not embedded",
    );
  }
  return { kind: { case: "tokens", value: { tokens } } };
}

function vectorsOf({ values, tokens }: Embedding): readonly (readonly number[])[] {
  return tokens.length > 0 ? tokens.map((token) => token.values) : [values];
}
