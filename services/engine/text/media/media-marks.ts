import { invalidParameter } from "../../../../clients/errors.ts";
import type { Media, PromptPart } from "../../engine.ts";

// Drawn at each start, so that no caller's text can be taken for a picture.
const secret = crypto.randomUUID();
const anyMark = new RegExp(`<__media_${secret}_(\\d+)__>`);

/** What stands for a picture or a sound where a prompt is only shown: llama.cpp's word. */
const shownMark = "<__media__>";

/**
 * The pictures and sounds of one request. While its prompt is written, each is a text that templates and formats treat
 * as any other, as llama-server does: the tokens around a picture are the projector's business.
 */
export class MediaMarks {
  readonly #media: Media[] = [];

  /** A text as it is, or the mark for a picture or a sound. */
  mark(part: PromptPart): string {
    if (typeof part === "string") return part;
    return `<__media_${secret}_${this.#media.push(part) - 1}__>`;
  }

  /** A written prompt in pieces. Throws INVALID_PARAMETER for what the template has left out. */
  split(prompt: string): readonly PromptPart[] {
    if (this.#media.length === 0) return [prompt];
    // Every second piece is what the pattern's group matched: a number that `mark` wrote.
    const pieces = prompt.split(anyMark).map((piece, i) => (i % 2 === 0 ? piece : this.#media[Number(piece)]));
    const parts = pieces.filter((part) => part !== undefined).filter((part) => part !== "");
    const missing = this.#media.find((media) => !parts.includes(media));
    if (missing !== undefined) {
      const what = missing.kind === "image" ? "picture" : "sound";
      throw invalidParameter(missing.param, `the model's chat template leaves out this ${what}: put it elsewhere`);
    }
    return parts;
  }
}

/** Whether a part of a message is a mark, as a whole. */
export function isMediaMark(text: string): boolean {
  return text.startsWith("<__media_") && anyMark.exec(text)?.[0] === text;
}

/** A prompt as it is shown to people. */
export function showParts(parts: readonly PromptPart[]): string {
  return parts.map((part) => (typeof part === "string" ? part : shownMark)).join("");
}
