import { describe, expect, test } from "vitest";
import { rpcErrorFromStatus } from "../../../../clients/error-from-status.ts";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { GrpcStatus, grpcStatusName } from "../../../../clients/grpc-status.ts";
import { grpcStatusOf, rpcErrorFromUnknown, statusFromError } from "../../../../services/rpc/call/status.ts";

describe("statusFromError", () => {
  test("comes back as the same error", () => {
    for (const reason of Object.values(ErrorReason)) {
      const error = new RpcError(reason, 'model "x" is not configured', { param: "model", retryAfterMs: 20 });
      const { code, details, detailsBin } = statusFromError(error);
      const back = rpcErrorFromStatus({ code, details, detailsBin });
      expect(back).toMatchObject({ reason, message: error.message, param: "model", retryAfterMs: 20 });
    }
  });

  test("leaves out what the error does not have", () => {
    const back = rpcErrorFromStatus(statusFromError(new RpcError(ErrorReason.OVERLOADED, "full")));
    expect(back.param).toBeUndefined();
    expect(back.retryAfterMs).toBeUndefined();
  });

  test.each([
    { message: "a\r\nb\n\nc", sent: "a b c" },
    { message: "half a pair: \ud83d", sent: "half a pair: \ufffd" },
    { message: "whole: 😀", sent: "whole: 😀" },
    { message: "x".repeat(1024), sent: "x".repeat(1024) },
    { message: "x".repeat(1025), sent: `${"x".repeat(1021)}…` },
    { message: `${"x".repeat(1020)}😀😀`, sent: `${"x".repeat(1020)}…` },
  ])("sends a text that any header can carry: $message", ({ message, sent }) => {
    const { details } = statusFromError(new RpcError(ErrorReason.INTERNAL, message));
    expect(details).toBe(sent);
    expect(() => encodeURI(details)).not.toThrow();
  });

  test.each([
    { retryAfterMs: 0.2, sent: 1 },
    { retryAfterMs: -5, sent: 0 },
    { retryAfterMs: Number.NaN, sent: 0 },
    { retryAfterMs: Infinity, sent: 4_294_967_295 },
  ])("sends retryAfterMs $retryAfterMs as $sent", ({ retryAfterMs, sent }) => {
    const status = statusFromError(new RpcError(ErrorReason.OVERLOADED, "full", { retryAfterMs }));
    expect(rpcErrorFromStatus(status).retryAfterMs).toBe(sent);
  });
});

test("a reason that a newer peer knows is INTERNAL", () => {
  expect(grpcStatusOf(999 as ErrorReason)).toBe(GrpcStatus.INTERNAL);
});

test("anything but an RpcError becomes an internal error, with what was thrown as its cause", () => {
  const bug = new TypeError("x is undefined");
  expect(rpcErrorFromUnknown(bug)).toMatchObject({
    reason: ErrorReason.INTERNAL,
    message: "internal error",
    cause: bug,
  });
  const error = new RpcError(ErrorReason.DEADLINE, "late");
  expect(rpcErrorFromUnknown(error)).toBe(error);
});

describe("a status without our detail", () => {
  test.each([
    { code: GrpcStatus.UNAVAILABLE, details: "No connection established", reason: ErrorReason.WORKER_LOST },
    { code: GrpcStatus.DEADLINE_EXCEEDED, details: "Deadline exceeded", reason: ErrorReason.DEADLINE },
    { code: GrpcStatus.CANCELLED, details: "Call cancelled", reason: ErrorReason.CANCELLED },
    { code: GrpcStatus.UNAUTHENTICATED, details: "", reason: ErrorReason.UNAUTHENTICATED },
    {
      code: GrpcStatus.RESOURCE_EXHAUSTED,
      details: "Received message larger than max (2 vs 1)",
      reason: ErrorReason.REQUEST_TOO_LARGE,
    },
    { code: GrpcStatus.RESOURCE_EXHAUSTED, details: "Bandwidth exhausted", reason: ErrorReason.RATE_LIMITED },
    { code: GrpcStatus.INTERNAL, details: "Received RST_STREAM with code 2", reason: ErrorReason.WORKER_LOST },
    { code: GrpcStatus.UNIMPLEMENTED, details: "no such method", reason: ErrorReason.INTERNAL },
    { code: 99, details: "", reason: ErrorReason.INTERNAL },
  ])("$code $details is reason $reason", ({ code, details, reason }) => {
    expect(rpcErrorFromStatus({ code, details })).toMatchObject({ reason, message: details });
  });

  test("is not hidden by a trailer that is not ours", () => {
    const detailsBin = Buffer.from([0xff, 0xff, 0xff]);
    const status = { code: GrpcStatus.UNAVAILABLE, details: "gone", detailsBin };
    expect(rpcErrorFromStatus(status)).toMatchObject({ reason: ErrorReason.WORKER_LOST, retryAfterMs: 1_000 });
  });
});

test("statuses have their names", () => {
  for (const [name, code] of Object.entries(GrpcStatus)) expect(grpcStatusName(code)).toBe(name);
  expect(grpcStatusName(77)).toBe("UNKNOWN");
});
