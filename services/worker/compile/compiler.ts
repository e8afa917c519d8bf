import { create, toBinary } from "@bufbuild/protobuf";
import { type ChatRequest, ChatRequestSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { type ResponseFormat, ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { GrammarCompiler } from "../../engine/grammar/grammar-compiler.ts";
import type { ChatPrompt, ChatPrompterOptions, PromptRequest } from "../../engine/text/chat-prompt.ts";
import { CompileThread } from "./compile-thread.ts";
import type { CompileResults } from "./compile-task.ts";
import { RecentResults } from "./recent-results.ts";

type Answer = CompileResults["chat"];

/** What answers are held to: grammars from schemas, tools and patterns, compiled off the thread that steps, and kept. */
export interface Compiler extends GrammarCompiler {
  /** For chats; see answerGrammar. */
  chat(request: ChatRequest, prompt: Pick<ChatPrompt, "reasoningOpen">, signal: AbortSignal): Promise<Answer>;
  /**
   * Writes a prompt, for nothing but to see that the template which the request brings is quick enough for the thread
   * that steps. Throws what writing throws, and INVALID_PARAMETER when it is not.
   */
  tryPrompt(request: PromptRequest, signal: AbortSignal): Promise<void>;
  /** For completions; see responseGrammar. */
  response(format: ResponseFormat, signal: AbortSignal): Promise<Answer>;
  /** How the model's prompts are made: before the first chat. */
  setPrompter(options: ChatPrompterOptions): void;
  close(): Promise<void>;
}

export function createCompiler(thread = new CompileThread()): Compiler {
  const answers = new RecentResults<Answer>(({ grammar }) => 2 * (grammar?.gbnf.length ?? 0));
  const never = new AbortController().signal;
  return {
    chat(request, { reasoningOpen }, signal) {
      const { tools, toolChoice, parallelToolCalls, responseFormat, promptEnd } = request;
      const { reasoning, chatTemplate, chatTemplateKwargs, chatTemplateKwargsJson } = request;
      // Only what the grammar depends on, so that the same tools are the same task in each turn.
      const asked = { tools, toolChoice, parallelToolCalls, responseFormat, promptEnd };
      const wanted = { ...asked, reasoning, chatTemplate, chatTemplateKwargs, chatTemplateKwargsJson };
      const bytes = toBinary(ChatRequestSchema, create(ChatRequestSchema, wanted));
      const key = `chat ${reasoningOpen} ${Buffer.from(bytes).toString("latin1")}`;
      return answers.get(key, signal, (shared) => thread.run({ type: "chat", request: bytes, reasoningOpen }, shared));
    },
    async tryPrompt(request, signal) {
      const { messages, tools, toolChoice, reasoning, promptEnd } = request;
      const { chatTemplate, chatTemplateKwargs, chatTemplateKwargsJson } = request;
      const conversation = { messages, tools, toolChoice, reasoning, promptEnd };
      const wanted = { ...conversation, chatTemplate, chatTemplateKwargs, chatTemplateKwargsJson };
      const bytes = toBinary(ChatRequestSchema, create(ChatRequestSchema, wanted));
      await thread.run({ type: "prompt", request: bytes }, signal);
    },
    response(format, signal) {
      const bytes = toBinary(ResponseFormatSchema, format);
      const key = `response ${Buffer.from(bytes).toString("latin1")}`;
      return answers.get(key, signal, (shared) => thread.run({ type: "response", format: bytes }, shared));
    },
    // The engine keeps what it makes of a program.
    compile: (gbnf, signal = never) => thread.run({ type: "grammar", gbnf }, signal),
    buildTrie(texts) {
      const ends = new Int32Array(texts.length);
      let end = 0;
      for (const [token, text] of texts.entries()) ends[token] = end += text?.length ?? 0;
      const all = new Uint8Array(end);
      for (const [token, text] of texts.entries())
        if (text !== undefined) all.set(text, (ends[token] ?? 0) - text.length);
      return thread.run({ type: "trie", texts: all, ends }, never);
    },
    setPrompter(options) {
      thread.prompter = options;
    },
    close: () => thread.close(),
  };
}
