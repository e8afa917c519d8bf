import { basename } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ContentPartSchema, type MessageSchema, Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";

type Message = Exclude<MessageInitShape<typeof MessageSchema>, { $typeName: string }>;
type Part = MessageInitShape<typeof ContentPartSchema>;

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
  #media: Part[] = [];

  constructor(model: string, system = "") {
    this.model = model;
    this.system = system;
  }

  /** Adds a file to the next message. */
  attach(attachment: Attachment): void {
    this.#attachments.push(attachment);
  }

  /** Adds a picture or a sound to the next message. */
  show(part: Part): void {
    this.#media.push(part);
  }

  /** Adds the user's message, with the files that wait for it. Returns what is to be sent. */
  ask(text: string): Message[] {
    const { content = [], ...message } = textMessage(Role.USER, withFiles(text, this.#attachments));
    this.#messages.push({ ...message, content: [...this.#media, ...content] });
    this.#attachments = [];
    this.#media = [];
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
    this.#media = [];
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
  return { role, content: [textPart(text)] };
}

export function textPart(text: string): Part {
  return { part: { case: "text", value: text } };
}
