import { createInterface } from "node:readline";
import type { Environment } from "../../config/config.ts";
import { StartError } from "../../config/config-error.ts";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import { formatModels } from "../remote/format-models.ts";
import { connect, describeFailure, type ServerAccess } from "../remote/server-access.ts";
import { createAnswerWriter, dimmed } from "./answer-writer.ts";
import { Conversation } from "./conversation.ts";
import { joinLines } from "./join-lines.ts";
import type { ChatCommand } from "./parse-chat.ts";
import { type ChatLine, chatHelp, parseLine, unquote } from "./parse-line.ts";
import { readMediaFile } from "./read-media-file.ts";
import { readTextFile } from "./read-text-file.ts";
import { type Answer, emptyAnswer, streamAnswer, whyCutOff } from "./stream-answer.ts";

export interface ChatIo {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Calls the listener at each Ctrl+C that a terminal does not tell by itself. */
  readonly onInterrupt: (listener: () => void) => void;
  readonly env: Environment;
}

/** Talks with a model until the input ends or the user leaves. Throws StartError when the server does not answer at all. */
export async function runChat({ server, model, system, generation }: ChatCommand, io: ChatIo): Promise<void> {
  const client = connect(server);
  try {
    await new ChatLoop({ client, server, generation, io }, new Conversation(model, system)).run();
  } finally {
    client.close();
  }
}

interface Surroundings extends Pick<ChatCommand, "server" | "generation"> {
  readonly client: TokenwireClient;
  readonly server: ServerAccess;
  readonly io: ChatIo;
}

class ChatLoop {
  readonly #conversation: Conversation;
  readonly #around: Surroundings;
  readonly #terminal: boolean;
  readonly #color: boolean;
  #running: AbortController | undefined;

  constructor(around: Surroundings, conversation: Conversation) {
    this.#around = around;
    this.#conversation = conversation;
    this.#terminal = around.io.output.isTTY === true;
    this.#color = this.#terminal && !around.io.env["NO_COLOR"];
  }

  async run(): Promise<void> {
    const { io, server } = this.#around;
    await this.#greet();
    const interactive = io.input.isTTY === true && this.#terminal;
    const lines = createInterface({
      input: io.input,
      ...(interactive && { output: io.output }),
      terminal: interactive,
      prompt: "> ",
    });
    // The first stops a running answer; one without an answer leaves.
    const interrupt = (): void => (this.#running === undefined ? lines.close() : this.#running.abort());
    lines.on("SIGINT", interrupt);
    io.onInterrupt(interrupt);
    const prompt = (open: boolean): void => {
      if (!interactive) return;
      lines.setPrompt(open ? ". " : "> ");
      lines.prompt();
    };
    try {
      prompt(false);
      for await (const line of joinLines(lines, prompt)) {
        const parsed = parseLine(line);
        if (parsed.kind === "exit") return;
        try {
          await this.#follow(parsed);
        } catch (error) {
          const shown = describeFailure(error, server);
          if (!(shown instanceof StartError)) throw error;
          this.#note(shown.message);
        }
        prompt(false);
      }
      if (interactive) io.output.write("\n");
    } finally {
      lines.close();
    }
  }

  async #greet(): Promise<void> {
    const { client, server } = this.#around;
    try {
      const { models } = await client.models.listModels({});
      this.#conversation.model ||= models[0]?.id ?? "";
    } catch (error) {
      throw describeFailure(error, server);
    }
    const { model } = this.#conversation;
    if (this.#terminal) this.#note(`${model} at ${server.address}. /help lists what can be typed beside messages.`);
  }

  async #follow(line: ChatLine): Promise<void> {
    const conversation = this.#conversation;
    switch (line.kind) {
      case "nothing":
      case "exit":
        return;
      case "help":
        return this.#note(chatHelp);
      case "mistake":
        return this.#note(line.message);
      case "clear":
        conversation.clear();
        return this.#note("The conversation starts over.");
      case "models": {
        const { models } = await this.#around.client.models.listModels({});
        return this.#note(formatModels(models, Date.now()));
      }
      case "model":
        if (line.text !== "") {
          await this.#around.client.models.getModel({ id: line.text });
          conversation.model = line.text;
        }
        return this.#note(`${conversation.model} answers.`);
      case "system":
        if (line.text !== "") conversation.system = unquote(line.text);
        return this.#note(conversation.system === "" ? "There is no system prompt." : conversation.system);
      case "file":
        conversation.attach({ path: line.path, text: await readTextFile(line.path) });
        return this.#note(`${line.path} goes with the next message.`);
      case "image":
      case "audio":
        conversation.show(await readMediaFile(line.kind, line.path));
        return this.#note(`${line.path} goes with the next message.`);
      case "say":
        return this.#say(line.text);
    }
  }

  async #say(text: string): Promise<void> {
    const { client, generation, io } = this.#around;
    const conversation = this.#conversation;
    const messages = conversation.ask(text);
    const answer = emptyAnswer();
    const running = new AbortController();
    this.#running = running;
    const writer = createAnswerWriter(io.output, { terminal: this.#terminal, color: this.#color });
    try {
      const request = { model: conversation.model, messages, options: generation };
      await streamAnswer(client, request, { answer, writer, signal: running.signal });
      this.#note(whyCutOff(answer) ?? (this.#terminal ? speedOf(answer) : undefined));
    } catch (error) {
      if (!running.signal.aborted) throw error;
      this.#note("stopped");
    } finally {
      this.#running = undefined;
      conversation.answer(answer.text, answer.reasoning);
    }
  }

  #note(text: string | undefined): void {
    if (text !== undefined) this.#around.io.output.write(`${dimmed(text, this.#color)}\n`);
  }
}

function speedOf({ finished }: Answer): string | undefined {
  if (finished?.usage === undefined || finished.timings === undefined) return undefined;
  const { promptTokens, completionTokens } = finished.usage;
  const { decodeMs, prefillMs, queueMs } = finished.timings;
  const speed = decodeMs > 0 ? `, ${(((completionTokens - 1) / decodeMs) * 1000).toFixed(0)} tokens/s` : "";
  return `${promptTokens} + ${completionTokens} tokens, first after ${Math.round(queueMs + prefillMs)} ms${speed}`;
}
