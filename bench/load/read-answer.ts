import type { Answer } from "./plan.ts";

const newline = 10;
/** The first event with something for the reader in it: a role alone, or an empty text, is not. */
const hasContent = /"(?:text|content|reasoning_content|arguments|name)":"(?!")/;
/** Usage is in the last events. */
const tailBytes = 4096;

/** Reads a body as it comes in: when its events arrive, what it counts, and its text where that is wanted. */
export class AnswerReader {
  readonly #times: number[] = [];
  readonly #now: () => number;
  readonly #whole: boolean;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #firstAt: number | undefined;
  #lastByte = 0;

  /** `whole`: keep all of the body, for `text`. */
  constructor(now: () => number, { whole }: { readonly whole: boolean }) {
    this.#now = now;
    this.#whole = whole;
  }

  readonly push = (piece: Buffer): void => {
    const at = this.#now();
    let from = 0;
    // An event ends with an empty line.
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1)) {
      const previous = end === 0 ? this.#lastByte : piece[end - 1];
      if (previous !== newline) continue;
      this.#times.push(at);
      if (this.#firstAt === undefined && hasContent.test(piece.toString("latin1", from, end))) this.#firstAt = at;
      from = end + 1;
    }
    this.#lastByte = piece[piece.length - 1] ?? 0;
    this.#keep(piece);
  };

  /** What was read, as an answer to a request of `sentAt` that ended at `endAt`. Throws when it does not say all. */
  answer(at: {
    readonly flow: number;
    readonly label: string;
    readonly sentAt: number;
    readonly endAt: number;
  }): Answer {
    const text = this.body;
    const count = (name: string): number => Number(new RegExp(`"${name}": *(\\d+)`).exec(text)?.[1] ?? 0);
    const streamed = this.#times.length > 0;
    if (streamed && !text.includes("data: [DONE]")) throw new Error(`a stream that does not end: ${text.slice(-300)}`);
    const completionTokens = count("completion_tokens");
    return {
      ...at,
      firstAt: this.#firstAt ?? this.#times[0] ?? at.endAt,
      eventsAt: Float64Array.from(this.#times.slice(0, completionTokens)),
      promptTokens: count("prompt_tokens"),
      cachedTokens: count("cached_tokens"),
      completionTokens,
    };
  }

  /** All of the body, or its last part. */
  get body(): string {
    return Buffer.concat(this.#kept).toString();
  }

  #keep(piece: Buffer): void {
    this.#kept.push(Buffer.from(piece));
    this.#keptBytes += piece.length;
    if (this.#whole || this.#keptBytes < 2 * tailBytes) return;
    this.#kept = [Buffer.concat(this.#kept).subarray(-tailBytes)];
    this.#keptBytes = tailBytes;
  }
}

/** The text that a body says, of a completion or a chat, streamed or not. */
export function textOf(body: string): string {
  const pieces = body.startsWith("{")
    ? [body]
    : body.split("\n").flatMap((line) => (line.startsWith("data: {") ? [line.slice(6)] : []));
  return pieces.map((piece) => choiceText(JSON.parse(piece) as Piece)).join("");
}

interface Piece {
  readonly choices?: readonly {
    readonly text?: string | null;
    readonly message?: { readonly content?: string | null };
    readonly delta?: { readonly content?: string | null };
  }[];
}

function choiceText({ choices }: Piece): string {
  const [choice] = choices ?? [];
  return choice?.text ?? choice?.message?.content ?? choice?.delta?.content ?? "";
}
