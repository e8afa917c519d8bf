import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ApplyTemplateRequest,
  ApplyTemplateResponseSchema,
  CountTokensRequest,
  CountTokensResponseSchema,
} from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { parsePrompt, writePrompt } from "../jobs/parse-chat-job.ts";
import { checkParts } from "../jobs/inputs/tokenize-parts.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** How many prompt tokens a chat request with these fields has. */
export async function countTokens(
  request: CountTokensRequest,
  model: LoadedModel,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof CountTokensResponseSchema>> {
  const { written } = await parsePrompt(request, model, signal);
  return { tokens: written.tokens.length };
}

/** The prompt text of a chat request with these fields; a BOS that tokenizing adds is not in it. */
export async function applyTemplate(
  request: ApplyTemplateRequest,
  model: LoadedModel,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ApplyTemplateResponseSchema>> {
  const { parts, prompt } = await writePrompt(request, model, signal);
  checkParts(parts, model.engine);
  return { prompt };
}
