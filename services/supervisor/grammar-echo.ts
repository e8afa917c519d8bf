/** Of llama.cpp's grammar parser, to standard error: then follows the whole grammar, which is text of a request. */
const begin = /error parsing grammar:/g;
/** Of llama.cpp's log, when the parser is done. */
const end = "failed to parse grammar";
/** More than the longest grammar that is served: a text that goes on is another's. */
const longest = 2 * 1024 * 1024;

/**
 * Tells the grammars that llama.cpp prints from what else native code writes, so that no text of a request is logged.
 * Several may be printed at a time, as grammars are compiled side by side.
 */
export class GrammarEcho {
  #open = 0;
  #length = 0;

  /** Whether a line of native code belongs to a grammar. */
  holds(line: string): boolean {
    const begun = line.match(begin)?.length ?? 0;
    if (begun > 0 && this.#open === 0) this.#length = 0;
    this.#open += begun;
    this.#length += line.length;
    if (this.#length > longest * this.#open) this.#open = 0;
    return this.#open > 0 || begun > 0;
  }

  /** A message of llama.cpp's log, which may be the end of one. */
  see(message: string): void {
    if (message.trim() === end) this.#open = Math.max(0, this.#open - 1);
  }
}
