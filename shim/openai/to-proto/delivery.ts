import { invalidParameter } from "../../../clients/errors.ts";

interface Delivery {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined;
}

/** OpenAI refuses stream options on a request that is not streamed; they would have no effect. */
export function requireStreamForOptions(request: Delivery): void {
  if (request.stream_options != null && request.stream !== true) {
    throw invalidParameter("stream_options", "stream_options needs stream: true");
  }
}

/** A stream may be ended early where the server is set to interrupt_requests; who waits for the whole answer gets it. */
export function interruptionToProto({ stream }: Delivery): { readonly interruptible?: true } {
  return stream === true ? { interruptible: true } : {};
}

/** Whether a stream ends with a chunk of usage. */
export function wantsUsageChunk(request: Delivery): boolean {
  return request.stream_options?.include_usage === true;
}
