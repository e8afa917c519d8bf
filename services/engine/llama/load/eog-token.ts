import type { TokenizerConfig } from "../../text/template/tokenizer-config.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

/** Lets generations end at the EOS of a tokenizer's configuration, too. Returns a warning when the model has no such token. */
export async function addEogToken(
  vocabulary: Vocabulary,
  { eosToken, source }: TokenizerConfig & { readonly source: string },
): Promise<string | undefined> {
  if (eosToken === undefined) return undefined;
  const [token, another] = await vocabulary.tokenize(eosToken, { addSpecial: false, parseSpecial: true });
  if (token === undefined || another !== undefined)
    return `the EOS "${eosToken}" of ${source} is not a token of the model: is it this model's tokenizer?`;
  vocabulary.addEogToken(token);
  return undefined;
}
