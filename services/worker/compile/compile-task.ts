import { type ErrorReason, invalidParameter } from "../../../clients/errors.ts";
import type { GrammarProgram } from "../../engine/grammar/program/program.ts";
import type { TokenTrie } from "../../engine/grammar/vocabulary/token-trie.ts";
import type { ChatPrompterOptions } from "../../engine/text/chat-prompt.ts";
import type { answerGrammar } from "../jobs/answer/answer-grammar.ts";
import type { responseGrammar } from "../jobs/answer/response-grammar.ts";

/** What the thread is asked to do, as plain data. Messages of the contract come in their wire form. */
export type CompileTask =
  | { readonly type: "chat"; readonly request: Uint8Array; readonly reasoningOpen: boolean }
  /** Writes a prompt with the template that the request brings, to see how long it takes. */
  | { readonly type: "prompt"; readonly request: Uint8Array }
  | { readonly type: "response"; readonly format: Uint8Array }
  | { readonly type: "grammar"; readonly gbnf: string }
  /** The texts of all tokens one after another, and where each ends. */
  | { readonly type: "trie"; readonly texts: Uint8Array; readonly ends: Int32Array };

/** How the model's prompts are made: comes before the first chat, and has no reply. */
export interface CompileSetup {
  readonly type: "prompter";
  readonly options: ChatPrompterOptions;
}

export interface CompileResults {
  readonly chat: ReturnType<typeof answerGrammar>;
  readonly prompt: undefined;
  readonly response: ReturnType<typeof responseGrammar>;
  readonly grammar: GrammarProgram;
  readonly trie: TokenTrie;
}

export type CompileReply =
  /** The thread has begun. */
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly result: CompileResults[keyof CompileResults] }
  | {
      readonly type: "refused";
      readonly reason: ErrorReason;
      readonly message: string;
      readonly param: string | undefined;
    }
  | { readonly type: "grammar refused"; readonly message: string }
  | { readonly type: "failed"; readonly message: string };

export function slowTemplate(ms: number): Error {
  return invalidParameter("chat_template", `the chat template takes more than ${ms} ms to write this prompt`);
}
