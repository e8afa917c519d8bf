/** How the loop's time goes, in ms since the start. */
export interface StepTimes {
  /** Inside llama_decode. */
  readonly decodeMs: number;
  /** From the end of one decode to the beginning of the next, while there is work: sampling, admission, the next batch. */
  readonly betweenStepsMs: number;
}

export interface StepClock {
  begin(): void;
  /** Returns how long the decode took. */
  end(): number;
  /** There is nothing to do: the time until the next decode is nobody's. */
  idle(): void;
  totals(): StepTimes;
}

export function createStepClock(now: () => number = () => performance.now()): StepClock {
  let decodeMs = 0;
  let betweenStepsMs = 0;
  let began = 0;
  let ended: number | undefined;
  return {
    begin() {
      began = now();
      if (ended !== undefined) betweenStepsMs += began - ended;
    },
    end() {
      ended = now();
      decodeMs += ended - began;
      return ended - began;
    },
    idle() {
      ended = undefined;
    },
    totals: () => ({ decodeMs, betweenStepsMs }),
  };
}
