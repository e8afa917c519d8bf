import { JinjaError } from "./jinja-error.ts";

// At four characters a token more than any model's context, and little enough memory.
const maxLength = 16_000_000;
const maxItems = 1_000_000;
// As deep as Python's own limit lets macros call each other, and well within JavaScript's stack.
const maxDepth = 200;

/**
 * Bounds the work of one rendering: templates come with requests too. Each evaluated node is a step; whatever takes time
 * by a value's size is charged by that size before it is done. All methods throw an overrun.
 */
export class Budget {
  readonly #maxSteps: number;
  #steps = 0;
  #depth = 0;
  #written = 0;

  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps;
  }

  charge(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#maxSteps) throw overrun(`runs for more than ${this.#maxSteps} steps`);
  }

  /** Before a text of so many characters is made or searched. */
  chargeText(length: number): void {
    if (length > maxLength) throw overrun(`writes more than ${maxLength} characters`);
    this.charge(length / 64);
  }

  /** What is written, in macros and blocks too: all of it is kept until the end. */
  write(length: number): void {
    this.#written += length;
    this.chargeText(this.#written > maxLength ? this.#written : length);
  }

  /** Before a list of so many items is made or walked through. */
  chargeItems(count: number): void {
    this.chargeLength(count);
    this.charge(count / 8);
  }

  /** Before a list grows to so many items. */
  chargeLength(count: number): void {
    if (count > maxItems) throw overrun(`makes a list of more than ${maxItems} items`);
  }

  /** Runs what may call itself: macros, recursive loops, values within values. */
  nested<T>(run: () => T): T {
    if (this.#depth >= maxDepth) throw overrun(`nests more than ${maxDepth} deep`);
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }
}

function overrun(what: string): JinjaError {
  return new JinjaError("overrun", `the chat template ${what}`);
}
