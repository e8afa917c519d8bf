import { type Pointer, SchemaRefusal } from "../document/refusal.ts";

/** Counts what compiling a schema takes, so that its time is bounded on every machine and the same schema always ends alike. */
export interface Work {
  /** Throws TooMuchWork once it is too much: `pointer` is where. */
  spend(units: number, pointer: Pointer): void;
  /** Whether half of it is used up: what is still to do must be cheap. */
  isScarce(): boolean;
}

export class TooMuchWork extends SchemaRefusal {
  constructor(pointer: Pointer) {
    super(pointer, "takes too much work to compile: simplify its patterns and alternatives");
  }
}

/** Some thousands are a millisecond. What is used in practice takes less than a tenth of it. */
const maxUnits = 1_000_000;

export const unitsPerRule = 40;
/** To find that something is too large takes as long as much that is not. */
export const unitsPerFailure = 200_000;

export function createWork(): Work {
  let spent = 0;
  return {
    spend(units, pointer) {
      spent += units;
      if (spent > maxUnits) throw new TooMuchWork(pointer);
    },
    isScarce: () => spent > maxUnits / 2,
  };
}
