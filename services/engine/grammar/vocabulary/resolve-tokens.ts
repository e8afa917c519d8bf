import { GrammarError } from "../gbnf/grammar-error.ts";
import type { GrammarProgram } from "../program/program.ts";

export interface TokenResolver {
  readonly size: number;
  /** A text's tokens, control tokens by their names. */
  readonly tokenize: (text: string) => Promise<Int32Array>;
}

/** The program with ids for all tokens that its grammar names. Throws GrammarError for one that the model does not have. */
export async function resolveTokens(
  program: GrammarProgram,
  { size, tokenize }: TokenResolver,
): Promise<GrammarProgram> {
  const ids: number[] = [];
  for (const token of program.tokens) {
    if (typeof token === "number") {
      if (token >= size) throw new GrammarError(`the token <[${token}]> is not in the vocabulary of ${size} tokens`);
      ids.push(token);
      continue;
    }
    const [id, ...more] = await tokenize(token);
    if (id === undefined || more.length > 0)
      throw new GrammarError(
        `${token} is not one token of this model: name it by its id, as in <[123]>, or write it as a text in quotes`,
      );
    ids.push(id);
  }
  return { ...program, tokens: ids };
}
