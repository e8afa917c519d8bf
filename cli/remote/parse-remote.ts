import type { Environment } from "../../config/config.ts";
import { parseWords, valueOf, type Words } from "../arguments/parse-words.ts";
import { readServerAccess, type ServerAccess } from "./server-access.ts";

/** What a running server is asked to do. */
export type RemoteTask =
  | { readonly name: "ps" | "models" }
  | { readonly name: "show" | "load" | "rm"; readonly id: string }
  | { readonly name: "unload"; readonly id: string; readonly force: boolean }
  | {
      readonly name: "pull";
      readonly source: string;
      readonly file: string;
      readonly id: string;
      readonly sha256: string;
    };

export interface RemoteCommand {
  readonly task: RemoteTask;
  readonly server: ServerAccess;
  /** For scripts: one JSON value per line. */
  readonly json: boolean;
}

export const remoteCommands = ["ps", "models", "show", "load", "unload", "pull", "rm"] as const;
type RemoteName = (typeof remoteCommands)[number];

/** Reads the words after a command's name. Throws ConfigError with what is wrong. */
export function parseRemote(name: RemoteName, words: readonly string[], env: Environment): RemoteCommand {
  const parsed = parseWords(name, words);
  return {
    task: taskOf(name, parsed),
    server: readServerAccess(parsed, env),
    json: valueOf(parsed, "json") !== undefined,
  };
}

function taskOf(name: RemoteName, words: Words): RemoteTask {
  const operand = words.operands[0] ?? "";
  switch (name) {
    case "ps":
    case "models":
      return { name };
    case "show":
    case "load":
    case "rm":
      return { name, id: operand };
    case "unload":
      return { name, id: operand, force: valueOf(words, "force") !== undefined };
    case "pull": {
      const isUrl = /^https?:\/\//i.test(operand);
      const [source = "", tag = ""] = isUrl ? [operand] : operand.split(":");
      const pattern = tag === "" || /[*.]/.test(tag) ? tag : `*${tag}*.gguf`;
      return {
        name,
        source,
        file: valueOf(words, "file") ?? pattern,
        id: valueOf(words, "id") ?? "",
        sha256: valueOf(words, "sha256") ?? "",
      };
    }
  }
}
