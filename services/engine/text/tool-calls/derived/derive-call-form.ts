import type { ChatMessage, ChatTool } from "../../chat-messages.ts";
import type { ArgumentForm, CallForm, Piece, TaggedArguments, ValueType } from "./call-form.ts";
import { beforeOpenTag, commonPrefix, commonSuffix, nextTag, outsideTag } from "./common-text.ts";

/** Renders a conversation with the two tools of this room; undefined when the template refuses it. */
export type RenderCalls = (
  messages: readonly ChatMessage[],
  options: { readonly opensTurn: boolean },
) => string | undefined;

// Words that stand nowhere in a template, without digits, so that digits beside them are the template's own.
const names = ["twalphafn", "twgammafn"] as const;
const ids = ["twcallida", "twcallidb"] as const;
const [keyA, keyB] = ["twkeyalpha", "twkeygamma"] as const;
const [valueA, valueB] = ["twvaluealpha", "twvaluegamma"] as const;
const userText = "twusertext";
const spokenText = "twspokentext";

/** The tools that the conversations of a derivation are about. */
export const derivationTools: readonly ChatTool[] = names.map((name) => ({
  name,
  description: "twdescription",
  parameters: {
    type: "object",
    properties: Object.fromEntries(
      [keyA, keyB, "twnumber", "twflag", "twnothing", "twobject", "twlist", "twlast"].map((key) => [
        key,
        { description: "x" },
      ]),
    ),
    required: [],
  },
}));

/**
 * Finds out how a template writes calls: renders one, two, and some with other arguments, under names that are looked
 * for in the text. undefined: it does not write them, or in a way that is none of those in call-form.ts.
 */
export function deriveCallForm(render: RenderCalls): CallForm | undefined {
  const turn = (calls: readonly string[], text = "") => {
    const toolCalls = calls.map((argumentsJson, i) => ({ id: ids[i] ?? "", name: names[i] ?? "", argumentsJson }));
    const rendered = render([message("user", userText), { ...message("assistant", text), toolCalls }], {
      opensTurn: false,
    });
    return rendered === undefined ? undefined : afterUser(rendered);
  };
  const opened = render([message("user", userText)], { opensTurn: true });
  const spoken = turn([], spokenText);
  const args = JSON.stringify({ [keyA]: valueA });
  const one = turn([args]);
  if (opened === undefined || spoken === undefined || one === undefined) return undefined;
  const frame = { opened: afterUser(opened), spoken };
  const [region] = regionsOf(one);
  if (region === undefined) return undefined;
  const two = turn([args, args]);
  const pair = two === undefined ? [] : regionsOf(two);
  const several = two !== undefined && pair.length === 2 ? severalShell(two, pair, frame) : undefined;
  // A template that gives each call a turn of its own knows one call an answer.
  const shell = several !== undefined && !isTurn(several.separator, frame) ? several : singleShell(one, region, frame);
  const nested = `{"twin": [31415, "twtext"], "twother": [true, false, null]}`;
  const values = notationOf(turn([`{"${keyA}": "${valueA}", "twobject": ${nested}}`]));
  const parts = [...shell.before, ...shell.after];
  const isNamed = parts.some((piece) => typeof piece !== "string" && piece.slot === "name");
  const hasMarkup = [shell.prefix, ...parts].some((piece) => typeof piece === "string" && piece.trim() !== "");
  if (!isNamed || !hasMarkup) return undefined;
  if (region.isJson) return { ...shell, ...values, arguments: { kind: "json" }, empty: undefined };
  const form = withArguments(shell, turn, frame);
  const swapped = turn([JSON.stringify({ [keyB]: valueB, [keyA]: valueA })]) ?? "";
  return form && { ...form, ...values, sorts: swapped.indexOf(valueA) < swapped.indexOf(valueB) };
}

/** How a template writes values within values, in a line. */
function notationOf(text = ""): Pick<CallForm, "spacing" | "notation"> {
  const found = /\{(\S{0,8}?)twin\1(: *)\[31415(, *)(\S{1,8}?)twtext\4\]\3\1twother\1\2\[(\w+)\3(\w+)\3(\w+)\]/.exec(
    text,
  );
  if (found === null) return {};
  const [, keyQuote = "", colon = "", comma = "", quote = "", yes = "", no = "", none = ""] = found;
  const isJson = keyQuote === '"' && quote === '"' && yes === "true" && none === "null";
  if (isJson) return { spacing: { colon, comma } };
  return { notation: { colon, comma, quote, keyQuote, true: yes, false: no, null: none } };
}

type Shell = Omit<CallForm, "arguments" | "empty" | "spacing" | "notation" | "sorts">;
type RenderTurn = (calls: readonly string[], text?: string) => string | undefined;

interface Frame {
  /** The prompt that opens the model's turn, and a turn that is text, each behind the user's text. */
  readonly opened: string;
  readonly spoken: string;
}

/** Where a call's arguments stand: a JSON object, or from the first argument's name to its value's end. */
interface Region {
  readonly from: number;
  readonly to: number;
  readonly isJson: boolean;
}

function regionsOf(text: string): Region[] {
  const regions: Region[] = [];
  for (let value = text.indexOf(valueA); value !== -1; value = text.indexOf(valueA, value + 1)) {
    const key = text.lastIndexOf(keyA, value);
    if (key === -1) continue;
    regions.push(jsonRegion(text, key) ?? { from: key, to: value + valueA.length, isJson: false });
  }
  return regions;
}

function jsonRegion(text: string, key: number): Region | undefined {
  const from = text.lastIndexOf("{", key);
  const to = text.indexOf("}", key) + 1;
  try {
    const value = JSON.parse(text.slice(from, to)) as Readonly<Record<string, unknown>>;
    return value[keyA] === valueA ? { from, to, isJson: true } : undefined;
  } catch {
    return undefined;
  }
}

// Private characters, so that texts with different names and ids can be compared.
const marks = { name: "\uE000", id: "\uE001", key: "\uE002" } as const;

/** Names and ids as marks; of another length than they are, so that positions have to be found again. */
function normalize(text: string): string {
  return text
    .replaceAll(names[0], marks.name)
    .replaceAll(names[1], marks.name)
    .replaceAll(ids[0], marks.id)
    .replaceAll(ids[1], marks.id)
    .replaceAll(keyB, marks.key)
    .replaceAll(keyA, marks.key);
}

function severalShell(text: string, [first, second]: readonly Region[], frame: Frame): Shell {
  if (first === undefined || second === undefined) throw new Error("two calls have two regions");
  const pre = normalize(openingOf(text.slice(0, first.from), frame));
  const mid = normalize(text.slice(first.to, second.from));
  const rest = normalize(withoutTurnEnd(text.slice(second.to), frame));
  const beforeLength = pre.length - outsideTag(pre, pre.length - commonSuffix(pre, mid));
  const afterLength = Math.min(commonPrefix(mid, rest), mid.length - beforeLength);
  const before = pre.slice(pre.length - beforeLength);
  const firstIndex = differentDigits(before, mid.slice(mid.length - beforeLength));
  return {
    prefix: pre.slice(0, pre.length - beforeLength),
    before: piecesOf(before, firstIndex),
    after: piecesOf(mid.slice(0, afterLength), differentDigits(mid.slice(0, afterLength), rest)),
    separator: mid.slice(afterLength, mid.length - beforeLength),
    suffix: rest.slice(afterLength),
    several: true,
    firstIndex: Number(before[firstIndex ?? -1] ?? 0),
  };
}

function singleShell(text: string, region: Region, frame: Frame): Shell {
  const before = normalize(openingOf(text.slice(0, region.from), frame));
  const after = normalize(withoutTurnEnd(text.slice(region.to), frame));
  return {
    prefix: "",
    before: piecesOf(before, undefined),
    after: piecesOf(after, undefined),
    separator: "",
    suffix: "",
    several: false,
    firstIndex: 0,
  };
}

/** What a model writes before the arguments of its first call, of the text between the user's and them. */
function openingOf(text: string, { opened, spoken }: Frame): string {
  const spokenHead = spoken.slice(0, Math.max(0, spoken.indexOf(spokenText)));
  if (!text.startsWith(opened)) return text.slice(beforeOpenTag(text, commonPrefix(text, spokenHead)));
  const behind = text.slice(opened.length);
  if (!spokenHead.startsWith(opened)) return behind;
  // What a turn of text begins with as well belongs to the reasoning.
  const shared = behind.slice(0, commonPrefix(behind, spokenHead.slice(opened.length)));
  const [tags = ""] = /^.*>\s*/s.exec(shared) ?? [];
  return behind.slice(beforeOpenTag(behind, tags.length));
}

/** Control tokens that end a turn, which no grammar can make a model write as text. */
const turnEnd =
  /<\|(?:eot_id|eom_id|im_end|end|eot|eom|call|calls|return|tool_response|end_of_turn)\|?>|<end_of_turn>|<[^<>\s]*eos[^<>\s]*>/;

function withoutTurnEnd(rest: string, { spoken }: Frame): string {
  const end = spoken.slice(spoken.indexOf(spokenText) + spokenText.length);
  const shared = nextTag(end, end.length - commonSuffix(rest, end));
  const ending = end.slice(shared);
  const kept = rest.slice(0, rest.length - ending.length);
  const again = ending.trim().length > 2 ? kept.indexOf(ending.trim()) : -1;
  const cut = again === -1 ? kept : kept.slice(0, again);
  const [, only] = /^\s*(<[^<>]+>)\s*$/.exec(end) ?? [];
  const controls = [cut.search(turnEnd), only === undefined ? -1 : cut.indexOf(only)].filter((at) => at !== -1);
  return cut.slice(0, Math.min(cut.length, ...controls));
}

function isTurn(separator: string, { opened }: Frame): boolean {
  const header = opened.trim();
  return turnEnd.test(separator) || (header !== "" && separator.includes(header));
}

/** The place of the first digit in which two texts differ that are equal otherwise. */
function differentDigits(left: string, right: string): number | undefined {
  const at = [...left].findIndex((char, i) => char !== right[i]);
  return at === -1 || !/\d/.test(left[at] ?? "") ? undefined : at;
}

function piecesOf(text: string, index: number | undefined): readonly Piece[] {
  if (index !== undefined) {
    return [
      ...piecesOf(text.slice(0, index), undefined),
      { slot: "index" },
      ...piecesOf(text.slice(index + 1), undefined),
    ];
  }
  const parts = text.split(/([\uE000-\uE002])/).filter((part) => part !== "");
  return parts.map((part): Piece => {
    if (part === marks.name) return { slot: "name" };
    if (part === marks.id) return { slot: "id" };
    return part === marks.key ? { slot: "key" } : part;
  });
}

/** The form of arguments that are no JSON object, taken out of what stands around them. */
function withArguments(shell: Shell, turn: RenderTurn, frame: Frame): CallForm | undefined {
  const both = turn([JSON.stringify({ [keyA]: valueA, [keyB]: valueB })]);
  const typed = turn([
    JSON.stringify({
      [keyA]: valueA,
      twnumber: 31415,
      twflag: true,
      twnothing: null,
      twobject: { twin: true },
      twlist: [true],
      twlast: valueB,
    }),
  ]);
  const nothing = turn(["{}"]);
  if (both === undefined || typed === undefined) return undefined;
  const between = textBetween(both, keyA, valueA);
  const mid = textBetween(both, valueA, keyB);
  if (between === undefined || mid === undefined) return undefined;
  const inline = /^(\s*[=:]\s*)(\S{0,8})$/.exec(between);
  const [, sign = "", quote = ""] = inline ?? [];
  if (inline !== null && quote !== "" && mid.startsWith(quote)) {
    const style = typed.includes("True") ? "python" : "json";
    const escapes = turn([JSON.stringify({ [keyA]: "tw\\nback" })])?.includes("tw\\nback") !== true;
    const args: ArgumentForm = {
      kind: "inline",
      between: sign,
      separator: mid.slice(quote.length),
      quote,
      escapes,
      style,
    };
    const after = withoutStart(shell.after, quote);
    return after && { ...shell, after, arguments: args, empty: undefined };
  }
  const args = taggedArguments(shell, { mid: normalize(mid), between, typed });
  if (args === undefined) return undefined;
  const before = withoutEnd(shell.before, args.open);
  const after = withoutStart(shell.after, joined(args.close));
  if (before === undefined || after === undefined) return undefined;
  return { ...shell, before, after, arguments: args, empty: emptyCall({ ...shell, before, after }, nothing, frame) };
}

function taggedArguments(
  { after }: Shell,
  { mid, between, typed }: { readonly mid: string; readonly between: string; readonly typed: string },
): TaggedArguments | undefined {
  const tail = joined(after);
  const shared = mid.slice(0, beforeOpenTag(mid, commonPrefix(mid, tail)));
  // White space behind the closing tag belongs to what comes next.
  const close = shared.trimEnd();
  const open = mid.slice(close.length);
  if (close.trim() === "" || open.trim() === "" || open.includes(marks.key)) return undefined;
  const found = valuesOf(typed, { close, open });
  if (found === undefined) return undefined;
  const kinds: readonly (readonly [ValueType, string, RegExp])[] = [
    ["number", "twnumber", /31415$/],
    ["boolean", "twflag", /(?:true|True)$/],
    ["null", "twnothing", /(?:null|None|)$/],
    ["object", "twobject", /\{.*$/s],
    ["array", "twlist", /\[.*$/s],
  ];
  const byType = Object.fromEntries(
    kinds.map(([type, key, value]) => {
      const text = found.get(key) ?? between;
      return [type, text.startsWith(between) ? between : text.replace(value, "")];
    }),
  ) as Record<Exclude<ValueType, "string">, string>;
  const style = found.get("twflag")?.endsWith("True") === true ? "python" : "json";
  return { kind: "tagged", open, between: { string: between, ...byType }, close: piecesOf(close, undefined), style };
}

/** The text between each argument's name and its end. */
function valuesOf(text: string, { close, open }: { readonly close: string; readonly open: string }) {
  const keys = [keyA, "twnumber", "twflag", "twnothing", "twobject", "twlist", "twlast"];
  const found = new Map<string, string>();
  // Some templates leave null out.
  const written = keys.filter((key) => text.includes(open + key));
  for (const [i, key] of written.slice(0, -1).entries()) {
    const from = text.indexOf(open + key);
    const end = close.replaceAll(marks.key, key) + open + (written[i + 1] ?? "");
    const to = text.indexOf(end, from);
    if (from === -1 || to === -1) return undefined;
    found.set(key, text.slice(from + open.length + key.length, to));
  }
  return found;
}

function emptyCall({ prefix, before, after, suffix, firstIndex }: Shell, nothing: string | undefined, frame: Frame) {
  if (nothing === undefined) return undefined;
  const text = normalize(withoutTurnEnd(openingOf(nothing, frame), frame));
  if (!text.startsWith(prefix) || !text.endsWith(suffix)) return undefined;
  const call = text.slice(prefix.length, text.length - suffix.length);
  const usual = joined(before, firstIndex) + joined(after, firstIndex);
  return call === usual || !call.includes(marks.name) ? undefined : piecesOf(call, undefined);
}

function joined(pieces: readonly Piece[], index = 0): string {
  const slots = { ...marks, index: String(index) };
  return pieces.map((piece) => (typeof piece === "string" ? piece : slots[piece.slot])).join("");
}

function withoutEnd(pieces: readonly Piece[], end: string): readonly Piece[] | undefined {
  const last = pieces.at(-1);
  if (typeof last !== "string" || !last.endsWith(end)) return undefined;
  const kept = last.slice(0, last.length - end.length);
  return kept === "" ? pieces.slice(0, -1) : [...pieces.slice(0, -1), kept];
}

function withoutStart(pieces: readonly Piece[], start: string): readonly Piece[] | undefined {
  const text = joined(pieces);
  return text.startsWith(start) ? piecesOf(text.slice(start.length), undefined) : undefined;
}

function textBetween(text: string, from: string, to: string): string | undefined {
  const start = text.indexOf(from) + from.length;
  const end = text.indexOf(to, start);
  return start < from.length || end === -1 ? undefined : text.slice(start, end);
}

function afterUser(text: string): string {
  return text.slice(text.lastIndexOf(userText) + userText.length);
}

function message(role: ChatMessage["role"], text: string): ChatMessage {
  return { role, content: [text], toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}
