import { createHash } from "node:crypto";
import { invalidParameter } from "../../../../clients/errors.ts";
import type { Media, MediaPrompt, MediaSpan, PromptPart, TokenizeOptions } from "../../engine.ts";
import { mediaTokens, positionAfter } from "../kv/media-tokens.ts";
import { type Chunk, type Projector, UnreadableMedia } from "../native/mtmd/projector.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

export interface MediaPrompterParts {
  readonly projector: Pick<Projector, "chunks" | "check" | "rowPositions" | "usesMrope" | "problems">;
  readonly vocabulary: Pick<Vocabulary, "addsBos" | "bos" | "addsEos" | "eos">;
  /** What one batch holds. */
  readonly batchRows: number;
}

/** How many names of media are kept that were found to be whole. */
const maxKnown = 4096;

/**
 * Makes tokens of prompts with pictures and sounds. Each is decoded once, to see whether it can be; what it takes in
 * tokens follows from its size. Nothing native outlives the call: embeddings are made when a slot needs them.
 */
export class MediaPrompter {
  readonly #parts: MediaPrompterParts;
  /** In order of use. */
  readonly #known = new Set<string>();

  constructor(parts: MediaPrompterParts) {
    this.#parts = parts;
  }

  /** Throws INVALID_PARAMETER, for its place in the request, for a picture or sound that cannot be shown to the model. */
  async tokenize(
    parts: readonly PromptPart[],
    { addSpecial }: Pick<TokenizeOptions, "addSpecial">,
  ): Promise<MediaPrompt> {
    const { projector, vocabulary } = this.#parts;
    const media = parts.filter((part) => typeof part !== "string");
    try {
      const names = await Promise.all(media.map(nameOf));
      for (const [index, item] of media.entries()) await this.#check(item, names[index] ?? "");
      using chunks = await projector.chunks(parts, () => false);
      const tokens = addSpecial !== false && vocabulary.addsBos ? [vocabulary.bos] : [];
      const spans: MediaSpan[] = [];
      const pieces = media.map(() => 0);
      for (const chunk of chunks.list) {
        if (chunk.kind === "text") append(tokens, chunk.tokens);
        else {
          const piece = pieces[chunk.media] ?? 0;
          pieces[chunk.media] = piece + 1;
          const key = `${names[chunk.media]}/${piece}/${chunk.rows}`;
          spans.push({
            start: tokens.length,
            rows: chunk.rows,
            key,
            isCausal: chunk.isCausal,
            positions: this.#positions(chunk, positionAfter(tokens, tokens.length)),
            parts,
            medium: chunk.media,
            piece,
          });
          this.#checkFits(chunk, media[chunk.media]);
          append(tokens, mediaTokens(key, chunk));
        }
      }
      if (addSpecial === true && vocabulary.addsEos) tokens.push(vocabulary.eos);
      return { tokens: Int32Array.from(tokens), media: spans };
    } catch (error) {
      throw error instanceof UnreadableMedia ? refusal(error, projector.problems()) : error;
    }
  }

  async #check(media: Media, name: string): Promise<void> {
    if (!this.#known.delete(name)) await this.#parts.projector.check(media);
    this.#known.add(name);
    for (const oldest of this.#known) {
      if (this.#known.size <= maxKnown) return;
      this.#known.delete(oldest);
    }
  }

  #positions(chunk: Extract<Chunk, { kind: "media" }>, first: number): Int32Array {
    const { projector } = this.#parts;
    if (projector.usesMrope) return projector.rowPositions(chunk, first);
    return Int32Array.from({ length: chunk.rows }, (_, row) => first + row);
  }

  #checkFits({ rows, isCausal }: Extract<Chunk, { kind: "media" }>, media: Media | undefined): void {
    const { batchRows } = this.#parts;
    if (isCausal || rows <= batchRows) return;
    throw invalidParameter(
      media?.param ?? "messages",
      `the picture takes ${rows} tokens, which this model has to see at once, and a batch holds ${batchRows}: raise n_ubatch, or send a smaller picture`,
    );
  }
}

/** Not by spreading: a chunk may be longer than what a call takes as arguments. */
function append(tokens: number[], more: Int32Array): void {
  for (const token of more) tokens.push(token);
}

/** By content, so that the same picture is known again. */
async function nameOf({ data, kind, detail }: Media): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(data));
  return createHash("sha256").update(new Uint8Array(digest)).update(`${kind} ${detail}`).digest("hex");
}

const reasons: Readonly<Record<UnreadableMedia["why"], string>> = {
  broken: "is not a whole file of a kind that is read",
  "too large": "is too large",
  "no memory": "does not fit into memory",
  unusable: "cannot be used by this model's projector",
};

function refusal({ media: { kind, param }, why }: UnreadableMedia, problems: string) {
  const kinds = kind === "image" ? "PNG, JPEG, GIF, BMP, up to 67 million pixels" : "wav, mp3, flac, up to an hour";
  const what = kind === "image" ? "picture" : "sound";
  const detail = why === "unusable" && problems !== "" ? `: ${problems}` : ` (${kinds})`;
  return invalidParameter(param, `the ${what} in ${param} ${reasons[why]}${detail}`);
}
