import type { Reasoning } from "../../engine.ts";

/** Watches one choice's output for reasoning, and says when and with which tokens to end it. */
export class ReasoningBudget {
  readonly #reasoning: Reasoning;
  #text = "";
  #open: boolean;
  #over = false;
  #tokens = 0;
  /** Tokens that are taken next, whatever the model would sample. */
  readonly #forced: number[] = [];

  constructor(reasoning: Reasoning) {
    this.#reasoning = reasoning;
    this.#open = reasoning.open;
    if (reasoning.open && reasoning.budget === 0) this.#end();
  }

  /** The token to take next instead of sampling one. */
  next(): number | undefined {
    return this.#forced.shift();
  }

  /** A token was taken, and gave this text. */
  push(text: string): void {
    if (this.#over) return;
    const { start, end, budget } = this.#reasoning;
    // Markers may come in several pieces, but are short.
    this.#text = (this.#text + text).slice(-(start.length + end.length + text.length));
    if (!this.#open) {
      const at = this.#text.indexOf(start);
      if (at < 0) return;
      this.#open = true;
      this.#text = this.#text.slice(at + start.length);
    }
    this.#tokens++;
    if (this.#text.includes(end)) this.#over = true;
    else if (this.#tokens >= budget) this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#forced.push(...this.#reasoning.endTokens);
  }
}
