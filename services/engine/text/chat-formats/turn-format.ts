import type { ChatMessage } from "../chat-messages.ts";
import { foldSystem, splitSystem, type Turn } from "./dialogue.ts";

/** How prompts of one kind of model are written. */
export interface ChatFormat {
  /** Texts that end the model's turn, where its end-of-generation token does not. */
  readonly stop: readonly string[];
  /**
   * The prompt's text, which ends where the model's next turn begins. It has no BOS at its front, tokenizing with
   * addSpecial adds it; other control tokens stand in it as their texts.
   */
  write(messages: readonly ChatMessage[]): string;
}

/** How a chat format writes a conversation, as data: a system block, then turns that are all written alike. */
export interface TurnFormat {
  readonly system: SystemBlock;
  readonly user: Around;
  readonly assistant: Around;
  /** What the model continues. */
  readonly cue: string;
}

/** The text before and after a message. */
export type Around = readonly [before: string, after: string];

export type SystemBlock =
  | {
      /** front: one block before all turns; in-place: wherever the message stands. */
      readonly at: "front" | "in-place";
      readonly around: Around;
      /** The system text of a request that has none; unset: then there is no block. */
      readonly fallback?: string;
      /** What stands in the place of a missing block. */
      readonly missing?: string;
    }
  /** The format has no block: the text opens the first user turn. */
  | { readonly at: "first-user" };

/** The prompt's text, which ends where the model's next turn begins. */
export function writeTurns(format: TurnFormat, dialogue: readonly Turn[]): string {
  return openingText(format.system, dialogue) + bodyTurns(format.system, dialogue).map(write).join("") + format.cue;

  function write({ role, text }: Turn): string {
    if (role === "system") return format.system.at === "first-user" ? text : around(format.system.around, text);
    return around(format[role], text);
  }
}

function openingText(block: SystemBlock, dialogue: readonly Turn[]): string {
  if (block.at === "first-user") return "";
  const given = splitSystem(dialogue).system;
  if (given !== "" && block.at === "in-place") return "";
  const system = given || block.fallback;
  return system === undefined ? (block.missing ?? "") : around(block.around, system);
}

function bodyTurns(block: SystemBlock, dialogue: readonly Turn[]): readonly Turn[] {
  switch (block.at) {
    case "in-place":
      return dialogue;
    case "front":
      return splitSystem(dialogue).turns;
    case "first-user":
      return foldSystem(dialogue);
  }
}

function around([before, after]: Around, text: string): string {
  return before + text + after;
}
