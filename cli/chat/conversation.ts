import { basename } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MessageSchema, Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";

type Message = MessageInitShape<typeof MessageSchema>;

/** A text file that goes with a message. */
export interface Attachment {
  readonly path: string;
  readonly text: string;
}

/** A conversation with a model, as it is sent with each message. */
export class Conversation {
  /** "": the server's first model. */
  model: string;
  /** "": none. */
  system: string;
  readonly #messages: Message[] = [];
  #attachments: Attachment[] = [];

  constructor(model: string, system = "") {
    this.model = model;
    this.system = system;
  }

  /** Adds a file to the next message. */
  attach(attachment: Attachment): void {
    this.#attachments.push(attachment);
  }

  /** Adds the user's message, with the files that wait for it. Returns what is to be sent. */
  ask(text: string): Message[] {
    this.#messages.push(textMessage(Role.USER, withFiles(text, this.#attachments)));
    this.#attachments = [];
    const system = this.system === "" ? [] : [textMessage(Role.SYSTEM, this.system)];
    return [...system, ...this.#messages];
  }

  /** Adds what the model said, also as far as it came. Nothing at all: the question is taken back, too. */
  answer(text: string, reasoning = ""): void {
    if (text === "" && reasoning === "") this.#messages.pop();
    else this.#messages.push({ ...textMessage(Role.ASSISTANT, text), reasoning });
  }

  /** Forgets messages and files; model and system prompt stay. */
  clear(): void {
    this.#messages.length = 0;
    this.#attachments = [];
  }
}

/** A text with files before it, each between lines that name it. */
export function withFiles(text: string, files: readonly Attachment[]): string {
  const blocks = files.map(({ path, text: content }) => {
    const name = basename(path);
    return `--- ${name} ---\n${content.trimEnd()}\n--- end of ${name} ---\n\n`;
  });
  return blocks.join("") + text;
}

export function textMessage(role: Role, text: string): Message {
  return { role, content: [{ part: { case: "text", value: text } }] };
}
