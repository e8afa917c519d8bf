import type { Environment } from "../../config/config.ts";
import { numberOf, parseWords, toNumber, valueOf } from "../arguments/parse-words.ts";
import { readServerAccess, type ServerAccess } from "../remote/server-access.ts";

/** What `tokenwire bench` is to measure. */
export interface BenchCommand {
  readonly server: ServerAccess;
  /** "": the server's first model. */
  readonly model: string;
  /** How many at once, in turn. */
  readonly users: readonly number[];
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly json: boolean;
}

const maxUsers = 256;

/** Reads the words after `bench`. Throws ConfigError with what is wrong. */
export function parseBench(words: readonly string[], env: Environment): BenchCommand {
  const parsed = parseWords("bench", words);
  const users = (valueOf(parsed, "users") ?? "1,8").split(",");
  return {
    server: readServerAccess(parsed, env),
    model: parsed.operands[0] ?? "",
    users: users.map((text) => toNumber(text, "--users", { min: 1, max: maxUsers, whole: true })),
    promptTokens: numberOf(parsed, "prompt_tokens", { min: 1, whole: true }) ?? 256,
    // The speed of writing is measured between two tokens.
    maxTokens: numberOf(parsed, "max_tokens", { min: 2, whole: true }) ?? 64,
    json: valueOf(parsed, "json") !== undefined,
  };
}
