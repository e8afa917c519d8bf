import type { Snippet } from "../../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Engine, FimTokens } from "../../../engine/engine.ts";

export interface SnippetOptions {
  readonly engine: Engine;
  readonly fim: FimTokens;
  /** Tokens that may be used. */
  readonly room: number;
}

/**
 * What a model that fills in is shown of other files, in the form it was trained on: a repository of files where its
 * vocabulary has tokens for that, else texts between lines of dashes. Of too many tokens the last stay. The forms are
 * those of llama-server, so that its editors' plugins get the same prompts.
 */
export async function snippetTokens(
  snippets: readonly Snippet[],
  { engine, fim, room }: SnippetOptions,
): Promise<readonly number[]> {
  if (snippets.length === 0 || room <= 0) return [];
  const tokensOf = (text: string) => engine.tokenize(text, { addSpecial: false, parseSpecial: false });
  const tokens: number[] = [];
  const add = async (text: string): Promise<void> => {
    // Without spreading, which has no room for the tokens of a long text.
    for (const token of await tokensOf(text)) tokens.push(token);
  };
  const { repository, file } = fim;
  if (repository !== undefined) {
    tokens.push(repository);
    await add("myproject\n");
  }
  for (const { name, text } of snippets) {
    if (file === undefined) await add("\n\n--- snippet ---\n\n");
    else {
      tokens.push(file);
      await add(`${name || "tmp"}\n`);
    }
    await add(text);
  }
  if (file !== undefined) {
    tokens.push(file);
    await add("filename\n");
  }
  return tokens.slice(-room);
}
