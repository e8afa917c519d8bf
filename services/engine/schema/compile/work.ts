import { type Pointer, SchemaRefusal } from "../document/refusal.ts";

/** Counts what compiling a schema takes, so that its time is bounded on every machine and the same schema always ends alike. */
export interface Work {
  /** Throws SchemaRefusal once that is too much: `pointer` is where. */
  spend(units: number, pointer: Pointer): void;
  /** Whether most of it is used up: what is still to do must be cheap. */
  isScarce(): boolean;
}

/** About a millisecond for ten thousand. */
const maxUnits = 2_000_000;

export function createWork(): Work {
  let spent = 0;
  return {
    spend(units, pointer) {
      spent += units;
      if (spent > maxUnits)
        throw new SchemaRefusal(pointer, "takes too much work to compile: simplify its patterns and alternatives");
    },
    isScarce: () => spent > maxUnits / 2,
  };
}
