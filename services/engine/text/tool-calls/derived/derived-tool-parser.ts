import { createChatParser } from "../../stream/chat-parser.ts";
import { readBareJson, bareOpening } from "../parsers/bare-json.ts";
import type { ToolParser, ToolSyntax } from "../parsers/tool-parser.ts";
import { markedBy } from "../opening.ts";
import type { CallForm, Piece } from "./call-form.ts";
import { readDerivedCalls, type ReadableForm } from "./read-derived-calls.ts";

/**
 * Reads and forces calls in a form that was derived from a template. `bareMarkers`: texts that the models set before
 * calls that have no markup.
 */
export function createDerivedParser(form: CallForm, bareMarkers: readonly string[] = []): ToolParser {
  const readable = readableForm(form);
  const { markers } = readable;
  const isBare = markers.length === 0;
  return {
    name: "derived",
    keepSpecial: true,
    createParser: (options) =>
      createChatParser(
        (stream) => (isBare ? readBareJson(stream, options, bareMarkers) : readDerivedCalls(stream, readable, options)),
        options.newCallId,
      ),
    syntax: {
      ...derivedSyntax(form),
      opening: isBare ? bareOpening(bareMarkers) : markedBy(...markers),
      ...(isBare && { written: "freely" as const }),
    },
  };
}

/** What a grammar has to allow for calls in a form. */
export function derivedSyntax(form: CallForm): Omit<ToolSyntax, "opening" | "written"> {
  const { prefix, separator, suffix, before, after, empty, several, firstIndex } = form;
  const named = (name: string, pieces: readonly Piece[]): readonly Piece[] =>
    pieces.reduce<Piece[]>((list, piece) => {
      const text = typeof piece !== "string" && piece.slot === "name" ? name : piece;
      const last = list.at(-1);
      if (typeof text === "string" && typeof last === "string") list[list.length - 1] = last + text;
      else list.push(text);
      return list;
    }, []);
  return {
    prefix,
    separator,
    suffix,
    call: (name) => ({
      before: named(name, before),
      after: named(name, after),
      ...(empty && { empty: named(name, empty) }),
    }),
    arguments: form.arguments,
    firstIndex,
    spacing: form.spacing,
    notation: form.notation,
    sorts: form.sorts,
    ...(!several && { maxCalls: 1 }),
  };
}

function readableForm(form: CallForm): ReadableForm {
  const object = objectOf(form);
  const opening = form.prefix + leading(form.before);
  const head = (object === undefined ? opening : form.prefix + object.before).trim();
  const tag = /^(?:<[^<>]*>?|\[[A-Z_]+\])/;
  const [word = ""] = head.split(/\s/);
  const outer = tag.exec(head)?.[0] ?? (word.includes("<") ? word : head);
  // Models now and then leave out what stands around a call: its own first tag, or that of the name, begins it then.
  const inner = object === undefined ? leading(form.before).trim() : "";
  const all = [outer, tag.exec(inner)?.[0] ?? "", /<[^<>\s]+[^<>]*$/.exec(inner)?.[0] ?? ""];
  const usable = [...new Set(all)].filter((marker) => marker.length > 2);
  const markers = usable.filter((marker) => !usable.some((other) => other !== marker && marker.includes(other)));
  return { form, markers, object };
}

function leading([first]: readonly Piece[]): string {
  return typeof first === "string" ? first : "";
}

/** The texts around a call's object, where a call is a JSON object that says the tool's name as a member's value. */
function objectOf({ before, after, arguments: args }: CallForm): ReadableForm["object"] {
  if (args.kind !== "json") return undefined;
  const fill = (pieces: readonly Piece[]) => pieces.map((piece) => (typeof piece === "string" ? piece : "0")).join("");
  const text = `${fill(before)}{}${fill(after)}`;
  const from = text.indexOf("{");
  const to = text.lastIndexOf("}") + 1;
  try {
    const values = Object.values(JSON.parse(text.slice(from, to)) as object);
    if (!values.includes("0")) return undefined;
    return { before: text.slice(0, from), after: text.slice(to) };
  } catch {
    return undefined;
  }
}
