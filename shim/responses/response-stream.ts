import { namedEvents, plainEvents, type StreamFormat } from "../dialect/stream-format.ts";

/** Events that carry their names, and OpenAI's `[DONE]`, which Open Responses wants at the end. */
export const responseStream: StreamFormat = { ...namedEvents, end: plainEvents.end };
