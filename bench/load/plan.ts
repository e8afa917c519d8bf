/** A request of a plan: `POST path` with a JSON body. */
export interface PlannedRequest {
  readonly path: string;
  /**
   * JSON. `@answer:N@` inside a string stands for what the flow's Nth request (from 0) was answered, so that a
   * conversation goes on from what was really said.
   */
  readonly body: string;
  /** What the request is in its scenario; answers carry it. */
  readonly label?: string;
}

/** What one user does: requests one after the other, the next when the last one has been answered. */
export interface Flow {
  /** When the first request is sent, in ms after the plan's start. */
  readonly startMs?: number;
  readonly requests: readonly PlannedRequest[];
}

/** What a load generator is to send. Flows run at the same time, each over a connection of its own. */
export interface Plan {
  readonly host: string;
  readonly port: number;
  readonly flows: readonly Flow[];
}

/** How a request was answered. Times in ms after the plan's start. */
export interface Answer {
  readonly flow: number;
  readonly label: string;
  readonly sentAt: number;
  /** The first piece of text, argument or reasoning; the whole answer's arrival where it is not streamed. */
  readonly firstAt: number;
  readonly endAt: number;
  /** Arrival of each event of a stream, at most one for each completion token; empty where it is not streamed. */
  readonly eventsAt: Float64Array;
  /** By the server's own account; 0 where it says nothing. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** What came of a plan. */
export interface Outcome {
  readonly answers: readonly Answer[];
  /** From the first request to the end of the last answer. */
  readonly elapsedMs: number;
  /** Processor time that the generator itself used meanwhile. */
  readonly generatorCpuMs: number;
}
