import type { ChatTool } from "../../chat-messages.ts";
import type { ChatParser } from "../../stream/chat-parser.ts";
import type { ArgumentForm, JsonSpacing, Notation, Piece } from "../derived/call-form.ts";
import type { Opening } from "../opening.ts";
import type { ReasoningTags } from "../../stream/read-reasoning.ts";

/** How the models of one kind write tool calls: how to read it, and how to make a model write it. */
export interface ToolParser {
  readonly name: ToolParserName;
  /** Whether the markers are control tokens in these models' vocabularies, whose text a parser has to be given. */
  readonly keepSpecial: boolean;
  /** For families that mark up all they write: what stands before the text of an answer, which a grammar must allow. */
  readonly textPrefix?: string;
  /** The models reason in a form of their own, without tags that would close it. */
  readonly reasonsUntagged?: true;
  /** Its grammar is its own too, whatever the template writes. */
  readonly ownSyntax?: true;
  createParser(options: ParserOptions): ChatParser;
  /** What a grammar has to allow for calls. */
  readonly syntax: ToolSyntax;
}

export type ToolParserName = "functionary-v3.2" | "gemma" | "function-gemma" | "harmony" | "generic" | "derived";

export interface ParserOptions {
  /** The request's tools; none: calls are not looked for. */
  readonly tools: readonly ChatTool[];
  /** undefined: the model does not think aloud. */
  readonly reasoning: ReasoningTags | undefined;
  /** The prompt has already begun the reasoning. */
  readonly reasoningOpen: boolean;
  readonly newCallId: () => string;
}

/** The text of an answer that is calls: prefix, calls with separators between them, suffix. */
export interface ToolSyntax {
  readonly prefix: string;
  readonly separator: string;
  readonly suffix: string;
  /** What stands around the arguments in a call of the tool; `empty`: the whole call without arguments, if that differs. */
  readonly call: (name: string) => {
    readonly before: readonly Piece[];
    readonly after: readonly Piece[];
    readonly empty?: readonly Piece[];
  };
  /** Unset: one JSON object. */
  readonly arguments?: ArgumentForm;
  /** How JSON in calls is spaced that the model is made to write; unset: in any way. */
  readonly spacing?: JsonSpacing | undefined;
  /** How objects and lists in arguments that are no JSON object are written; unset: as JSON. */
  readonly notation?: Notation | undefined;
  /** Whether such arguments stand in the order of their names. */
  readonly sorts?: boolean | undefined;
  /** The number of the first call, where calls are numbered. */
  readonly firstIndex?: number;
  /** Most calls in one answer; unset: any number. */
  readonly maxCalls?: number;
  readonly opening: Opening;
  /** How models write calls that they are not forced to make; unset: exactly so. */
  readonly written?: "freely";
}
