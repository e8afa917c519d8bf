import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseTokenizerConfig, type TokenizerConfig } from "../services/engine/text/template/tokenizer-config.ts";

export const tokenizerConfigName = "tokenizer_config.json";
/** Newer models keep the template in a file of its own, beside the other. */
export const templateFileName = "chat_template.jinja";

/** Reads a tokenizer_config.json with what is beside it. Throws an Error whose message ends a sentence that the file begins. */
export function readTokenizerConfig(path: string): TokenizerConfig {
  const beside = join(dirname(path), templateFileName);
  const template = existsSync(beside) ? readFileSync(beside, "utf8") : undefined;
  return parseTokenizerConfig(readFileSync(path, "utf8"), template);
}
