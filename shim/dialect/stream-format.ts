import { valueAt } from "./request/field-path.ts";

/** How a stream of JSON values looks on the wire. */
export interface StreamFormat {
  readonly contentType: string;
  /** A value as the client reads it, with what ends it. */
  readonly frame: (value: unknown) => string;
  /** What follows the last value of an answer that did not fail. */
  readonly end: string;
  /** What may be sent in a silence, with `text` where there is a place for it; undefined: nothing. */
  readonly ping: ((text: string) => string) | undefined;
}

const eventStream = {
  contentType: "text/event-stream; charset=utf-8",
  ping: (text: string) => `: ${text}\n\n`,
};

/** Server-sent events without names, then `[DONE]`, as OpenAI's chat has them. */
export const plainEvents: StreamFormat = {
  ...eventStream,
  frame: (value) => `data: ${JSON.stringify(value)}\n\n`,
  end: "data: [DONE]\n\n",
};

/** Server-sent events that carry their `type` as their name too. */
export const namedEvents: StreamFormat = {
  ...eventStream,
  frame: (value) => {
    const type = valueAt(value, ["type"]);
    const name = typeof type === "string" ? type : "message";
    return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  },
  end: "",
};

/** The same with `[DONE]` at the end, which OpenAI's Responses do without and Open Responses wants. */
export const namedEventsThenDone: StreamFormat = { ...namedEvents, end: plainEvents.end };

/** One JSON value per line. */
export const jsonLines: StreamFormat = {
  contentType: "application/x-ndjson",
  frame: (value) => `${JSON.stringify(value)}\n`,
  end: "",
  ping: undefined,
};
