import { JinjaError, runtimeError } from "../jinja-error.ts";
import { JinjaObject } from "./value.ts";

// Jinja's sandbox has this limit too.
const maxLength = 100_000;

/** Python's range: numbers that are not made before they are asked for. */
export class Range extends JinjaObject {
  readonly typeName = "range";
  readonly start: number;
  readonly step: number;
  readonly length: number;

  constructor(start: number, stop: number, step: number) {
    super();
    if (step === 0) throw runtimeError("range() arg 3 must not be zero");
    this.start = start;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
    if (this.length > maxLength)
      throw new JinjaError("overrun", `the chat template wants a range of more than ${maxLength} numbers`);
  }

  at(index: number): bigint {
    return BigInt(this.start + index * this.step);
  }

  *items(): Iterable<bigint> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** Whether a number is one of them. */
  has(value: number): boolean {
    const index = (value - this.start) / this.step;
    return Number.isInteger(index) && index >= 0 && index < this.length;
  }

  override repr(): string {
    const stop = this.start + this.length * this.step;
    return `range(${this.start}, ${stop}${this.step === 1 ? "" : `, ${this.step}`})`;
  }
}
