import type { ShimContext } from "../context.ts";
import { noteError } from "../middleware/errors.ts";
import { setProcessingTime } from "../middleware/request-id.ts";
import { sendEvents } from "../sse.ts";
import type { RouteDeps } from "./deps.ts";

/** Answers a request with the chunks as server-sent events. Rejects, with nothing sent, when the first never comes. */
export async function answerStream(
  ctx: ShimContext,
  { settings }: RouteDeps,
  chunks: AsyncIterable<unknown>,
): Promise<void> {
  await sendEvents(ctx.res, chunks, {
    signal: ctx.state.signal,
    pingIntervalMs: settings.disable_ping_events ? undefined : settings.ping_interval_seconds * 1_000,
    stallTimeoutMs: settings.stall_timeout_seconds * 1_000,
    onHead: () => {
      // From here on the response is written to directly; before, Koa answers errors.
      ctx.respond = false;
      setProcessingTime(ctx);
    },
    toErrorFrame: (error) => noteError(ctx, error).body,
  });
}
