import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Environment } from "../../config/config.ts";
import type { GenerationOptionsSchema } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { numberOf, parseWords, valueOf, type Words } from "../arguments/parse-words.ts";
import { readServerAccess, type ServerAccess } from "../remote/server-access.ts";

/** What `tokenwire chat` is to do. */
export interface ChatCommand {
  readonly server: ServerAccess;
  /** "": the server's first model. */
  readonly model: string;
  readonly system: string | undefined;
  readonly generation: MessageInitShape<typeof GenerationOptionsSchema>;
}

/** What `tokenwire run` is to do. */
export interface RunCommand extends ChatCommand {
  /** undefined: it comes from stdin alone. */
  readonly prompt: string | undefined;
  readonly files: readonly string[];
  readonly json: boolean;
}

/** Reads the words after `chat`. Throws ConfigError with what is wrong. */
export function parseChat(words: readonly string[], env: Environment): ChatCommand {
  return readChat(parseWords("chat", words), env);
}

/** Reads the words after `run`. Throws ConfigError with what is wrong. */
export function parseRun(words: readonly string[], env: Environment): RunCommand {
  const parsed = parseWords("run", words);
  return {
    ...readChat(parsed, env),
    prompt: parsed.operands[1],
    files: parsed.flags.get("file") ?? [],
    json: valueOf(parsed, "json") !== undefined,
  };
}

function readChat(words: Words, env: Environment): ChatCommand {
  const temperature = numberOf(words, "temperature", { min: 0, max: 100 });
  const topP = numberOf(words, "top_p", { min: 0, max: 1 });
  const maxTokens = numberOf(words, "max_tokens", { min: 1, whole: true });
  const seed = numberOf(words, "seed", { min: 0, whole: true });
  return {
    server: readServerAccess(words, env),
    model: words.operands[0] ?? "",
    system: valueOf(words, "system"),
    generation: {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(maxTokens !== undefined && { maxTokens }),
      ...(seed !== undefined && { seed }),
    },
  };
}
