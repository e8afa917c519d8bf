import { fromBinary } from "@bufbuild/protobuf";
import { parentPort } from "node:worker_threads";
import { RpcError } from "../../../clients/errors.ts";
import { type ChatRequest, ChatRequestSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { GrammarError } from "../../engine/grammar/gbnf/grammar-error.ts";
import { compileGrammar } from "../../engine/grammar/program/compile-grammar.ts";
import { buildTokenTrie } from "../../engine/grammar/vocabulary/token-trie.ts";
import { type ChatPrompter, type ChatPrompterOptions, createChatPrompter } from "../../engine/text/chat-prompt.ts";
import { answerGrammar } from "../jobs/answer/answer-grammar.ts";
import { responseGrammar } from "../jobs/answer/response-grammar.ts";
import {
  slowTemplate,
  type CompileReply,
  type CompileResults,
  type CompileSetup,
  type CompileTask,
} from "./compile-task.ts";

// The thread that compiles, one task after another. Its owner ends it when a task takes too long.
let options: ChatPrompterOptions | undefined;
let prompter: ChatPrompter | undefined;
parentPort?.on("message", (message: CompileTask | CompileSetup) => {
  if (message.type === "prompter") {
    options = message.options;
    prompter = undefined;
  } else parentPort?.postMessage(reply(message));
});
parentPort?.postMessage({ type: "ready" } satisfies CompileReply);

function reply(task: CompileTask): CompileReply {
  try {
    return { type: "done", result: run(task) };
  } catch (error) {
    if (error instanceof GrammarError) return { type: "grammar refused", message: error.message };
    if (error instanceof RpcError) {
      const { reason, message, param } = error;
      return { type: "refused", reason, message, param };
    }
    return { type: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function run(task: CompileTask): CompileResults[keyof CompileResults] {
  switch (task.type) {
    case "chat": {
      const request = fromBinary(ChatRequestSchema, task.request);
      return answerGrammar(request, { ...knownPrompter().format(request), reasoningOpen: task.reasoningOpen });
    }
    case "prompt":
      return tryPrompt(fromBinary(ChatRequestSchema, task.request));
    case "response":
      return responseGrammar(fromBinary(ResponseFormatSchema, task.format));
    case "grammar":
      return compileGrammar(task.gbnf);
    case "trie":
      return buildTokenTrie(
        Array.from(task.ends, (end, token) => task.texts.subarray(token === 0 ? 0 : task.ends[token - 1], end)),
      );
  }
}

function knownPrompter(): ChatPrompter {
  if (options === undefined) throw new Error("a chat is compiled before it is known how prompts are made");
  return (prompter ??= createChatPrompter(options));
}

/** The CPU time that a caller's template may take of the thread that steps, where it runs again. */
const maxPromptMs = 400;

function tryPrompt(request: ChatRequest): undefined {
  const known = knownPrompter();
  const before = process.threadCpuUsage();
  known.prompt(request);
  const { user, system } = process.threadCpuUsage(before);
  if ((user + system) / 1000 > maxPromptMs) throw slowTemplate(maxPromptMs);
}
