import { PassThrough } from "node:stream";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import { expect, test, vi } from "vitest";
import { ServerReflection } from "../../../proto/gen/grpc/reflection/v1/reflection_pb.ts";
import type { CallRuntime } from "../../../services/rpc/call/running-call.ts";
import { bindService } from "../../../services/rpc/serve.ts";

test("a stream of requests that breaks before the call says that its caller left is no bug", async () => {
  const onBug = vi.fn<(error: unknown) => void>();
  const runtime: CallRuntime = {
    stallTimeoutMs: undefined,
    onBug,
    hooks: [],
    acknowledges: false,
    closing: new AbortController().signal,
    running: new Set(),
  };
  const handlers = {
    async *serverReflectionInfo(requests: AsyncIterable<unknown>) {
      for await (const _ of requests) yield {};
    },
  };
  const { implementation } = bindService(ServerReflection, handlers, runtime);
  const stream = new PassThrough({ objectMode: true });
  stream.on("error", () => {});
  const call = Object.assign(stream, {
    metadata: new Metadata(),
    getPeer: () => "test",
    getDeadline: () => Infinity,
    sendMetadata() {},
    iterator: (options: { destroyOnReturn: boolean }) => PassThrough.prototype.iterator.call(stream, options),
  }) as unknown as ServerDuplexStream<Buffer, Buffer>;
  (implementation["serverReflectionInfo"] as (call: unknown) => void)(call);
  const [running] = runtime.running;
  stream.destroy();
  await running?.ended;
  expect(onBug).not.toHaveBeenCalled();
});
