import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DetokenizeRequest,
  DetokenizeResponseSchema,
  TokenizeRequest,
  TokenizeResponseSchema,
} from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { checkToken } from "../jobs/parse-sampling.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** A text's tokens, with the bytes of each; control tokens show their names. */
export async function tokenize(
  { text, addSpecial, parseSpecial }: TokenizeRequest,
  { engine }: LoadedModel,
): Promise<MessageInitShape<typeof TokenizeResponseSchema>> {
  const tokens = Array.from(await engine.tokenize(text, { addSpecial, parseSpecial }));
  return { tokens, pieces: tokens.map((token) => engine.tokenBytes(token, { special: true })) };
}

/** The text of tokens, control tokens by their names. Bytes that are not UTF-8 become U+FFFD. */
export async function detokenize(
  { tokens }: DetokenizeRequest,
  { engine }: LoadedModel,
): Promise<MessageInitShape<typeof DetokenizeResponseSchema>> {
  for (const token of tokens) checkToken("tokens", token, engine.info.vocabularySize);
  const bytes = Buffer.concat(tokens.map((token) => engine.tokenBytes(token, { special: true })));
  return { text: bytes.toString("utf8") };
}
