export interface StatusOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const clear = "\r\x1b[K";

/**
 * The last line of a terminal, written over and over while lines pass above it: what is shown and what is written never
 * share a line. Off a terminal nothing is shown.
 */
export class StatusLine {
  readonly #output: StatusOutput;
  #text = "";

  constructor(output: StatusOutput) {
    this.#output = output;
  }

  get isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** Replaces what is shown; "" clears it. */
  show(text: string): void {
    if (!this.isTerminal || text === this.#text) return;
    this.#text = text;
    this.#output.write(clear + text);
  }

  /** Writes whole lines, each with its newline. */
  write(lines: string): void {
    this.#output.write(this.#text === "" ? lines : clear + lines + this.#text);
  }
}
