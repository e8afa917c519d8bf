import { constants, type ServerOptions } from "node:http2";
import { setLogger, type Server, type ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import type { ServerCall } from "./call/call-context.ts";

/**
 * What grpc-js keeps to itself and offers no other way to (1.14.7: server-interceptors.js, BaseServerInterceptingCall;
 * server.js, commonServerOptions). All of it is optional here: a release that moves it costs the features below, which
 * tests would notice, and nothing else.
 */
interface BaseCall {
  readonly stream?: { close?(code: number): void };
  deadline?: number | Date;
  deadlineTimer?: NodeJS.Timeout | null;
}

function baseOf(call: ServerCall): BaseCall | undefined {
  return (call as { call?: BaseCall }).call;
}

/**
 * Resets a call's HTTP/2 stream, which throws away what waits to be sent. A status would wait behind that for ever when
 * the peer does not read. The peer sees RESOURCE_EXHAUSTED (bandwidth), as the gRPC protocol maps this code. Returns
 * whether it could.
 */
export function resetStream(call: ServerCall): boolean {
  const stream = baseOf(call)?.stream;
  if (!stream?.close) return false;
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  return true;
}

/**
 * The call's deadline in ms since 1970, for the caller to enforce: the library's own timer is stopped. It would answer
 * without details and wait behind unread messages without telling the handler.
 */
export function takeDeadline(call: ServerCall): number | undefined {
  const base = baseOf(call);
  if (base?.deadlineTimer) clearTimeout(base.deadlineTimer);
  const deadline = Number(call.getDeadline());
  return Number.isFinite(deadline) ? deadline : undefined;
}

/**
 * Takes deadlines of more than 24.8 days for none: the library computes them in 32 bits, gets a time long past and would
 * end the call at once. A timeout cannot be negative, so such a time has no other cause. To be installed as interceptor,
 * because the timer must be stopped in the turn in which it was started.
 */
export const ignoreOverflownDeadline: ServerInterceptor = (_method, call) => {
  const base = call as BaseCall;
  if (typeof base.deadline === "number" && base.deadlineTimer && base.deadline < Date.now() - 1_000) {
    clearTimeout(base.deadlineTimer);
    base.deadline = Infinity;
  }
  // Nothing is intercepted: the call itself spares a layer per message, and the chain only uses what both have.
  return call as ServerInterceptingCall;
};

/**
 * Lets one connection cancel many calls. Node cuts a connection, with every other call on it, that resets more than
 * 1000 streams at once or 33 per second (against CVE-2023-44487, https://github.com/grpc/grpc-node/issues/2625); one
 * that carries all users of a REST face does so whenever enough of them leave. A stranger's resets stay bounded: one
 * costs the server some 100 µs. To be called before the server is bound.
 */
export function allowResets(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions?: ServerOptions };
  if (commonServerOptions) Object.assign(commonServerOptions, resetLimits);
}

/** A storm of all the streams a connection may have, ten times over; then as many per second as a busy host has calls. */
const resetLimits: ServerOptions = { streamResetBurst: 10_000, streamResetRate: 1_000 };

/** What the library writes beside the error that it throws, which says it better and is told in our own words. */
const repeated = /^No address added out of total \d+ resolved$/;

/** Keeps grpc-js's own log, which goes to standard error, to what nothing else says. For the whole process, as the log is. */
export function quietLibraryLog(): void {
  const write =
    (level: string) =>
    (message: unknown, ...more: unknown[]): void => {
      if (typeof message !== "string" || !repeated.test(message)) console.error(`${level} ${String(message)}`, ...more);
    };
  setLogger({ error: write("E"), info: write("I"), debug: write("D") });
}
