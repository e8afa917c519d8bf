import { suggest } from "../../config/suggest.ts";

/** What a line in a chat asks for. */
export type ChatLine =
  | { readonly kind: "nothing" | "help" | "clear" | "models" | "exit" }
  | { readonly kind: "say"; readonly text: string }
  /** Without text: show what it is. */
  | { readonly kind: "system" | "model"; readonly text: string }
  | { readonly kind: "file" | "image" | "audio"; readonly path: string }
  /** A sentence about what is wrong. */
  | { readonly kind: "mistake"; readonly message: string };

export const chatHelp = `/system [TEXT]   set the system prompt, or show it; /system "" removes it
/model [NAME]    answer with another model, or show which answers
/models          what the server serves
/file PATH       add a text file to the next message
/image PATH      show a picture with the next message, to a model that sees
/audio PATH      let a model that hears listen to a sound
/clear           begin anew; model and system prompt stay
/exit            leave (also Ctrl+D; Ctrl+C stops a running answer, and leaves when there is none)
"""              begin and end a message of several lines
//               a message that begins with /`;

const names = ["/help", "/clear", "/system", "/model", "/models", "/file", "/image", "/audio", "/exit"];

const examples = { "/file": "notes.txt", "/image": "cat.jpg", "/audio": "question.wav" };

/** Reads one line of a chat. */
export function parseLine(line: string): ChatLine {
  const text = line.trim();
  if (text === "") return { kind: "nothing" };
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) };
  if (!text.startsWith("/")) return { kind: "say", text };
  const [name = "", argument = ""] = /^(\S+)\s*(.*)$/s.exec(text)?.slice(1) ?? [];
  switch (name) {
    case "/help":
    case "/?":
      return { kind: "help" };
    case "/clear":
      return { kind: "clear" };
    case "/models":
      return { kind: "models" };
    case "/exit":
    case "/quit":
    case "/bye":
      return { kind: "exit" };
    case "/system":
    case "/model":
      return { kind: name === "/system" ? "system" : "model", text: argument };
    case "/file":
    case "/image":
    case "/audio":
      if (argument === "") return { kind: "mistake", message: `${name} needs a path: ${name} ${examples[name]}` };
      return { kind: name === "/file" ? "file" : name === "/image" ? "image" : "audio", path: unquote(argument) };
    default:
      return { kind: "mistake", message: `${name} is not a command${suggest(name, names)}: /help lists them` };
  }
}

/** A path as terminals write it that is dropped into them. */
export function unquote(text: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return quoted?.[2] ?? text.replaceAll("\\ ", " ");
}
