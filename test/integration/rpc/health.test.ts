import { describe, expect, test } from "vitest";
import { createClient } from "../../../clients/create-client.ts";
import { openChannel } from "../../../clients/channel.ts";
import { ErrorReason } from "../../../clients/errors.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
  type HealthCheckResponse,
} from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import { createHealthRegistry, healthHandlers, type HealthRegistry } from "../../../services/rpc/standard/health.ts";
import { createRpcServer } from "../../../services/rpc/server.ts";
import { rejection } from "../../support/rpc.ts";

async function startHealth(observed = (registry: HealthRegistry) => registry) {
  const registry = observed(createHealthRegistry());
  const server = createRpcServer({ onBug: () => {} });
  server.add(Health, healthHandlers(registry));
  const channel = openChannel(await server.listen("127.0.0.1:0"));
  return {
    registry,
    server,
    client: createClient(Health, channel),
    async [Symbol.asyncDispose]() {
      channel.close();
      await server.close(0);
    },
  };
}

async function nextStatus(watch: AsyncIterator<HealthCheckResponse, unknown>): Promise<Status | "ended"> {
  const next = await watch.next();
  return next.done ? "ended" : next.value.status;
}

describe("health", () => {
  test("check says what was set, and NOT_FOUND of what was not", async () => {
    await using health = await startHealth();
    health.registry.set("", true);
    health.registry.set("a", false);
    expect(await health.client.check({})).toMatchObject({ status: Status.SERVING });
    expect(await health.client.check({ service: "a" })).toMatchObject({ status: Status.NOT_SERVING });
    expect(await rejection(health.client.check({ service: "b" }))).toMatchObject({
      reason: ErrorReason.MODEL_NOT_FOUND,
      message: 'service "b" is not known here',
    });
  });

  test("watch begins with what is, also of an unknown service, and tells each change once", async () => {
    await using health = await startHealth();
    const watch = health.client.watch({ service: "a" })[Symbol.asyncIterator]();
    const next = () => nextStatus(watch);
    expect(await next()).toBe(Status.SERVICE_UNKNOWN);
    health.registry.set("a", true);
    expect(await next()).toBe(Status.SERVING);
    health.registry.set("other", true);
    health.registry.set("a", true);
    health.registry.set("a", false);
    expect(await next()).toBe(Status.NOT_SERVING);
    await watch.return?.();
  });

  test("a closing server says that it is not serving, and does not wait for those who watch", async () => {
    await using health = await startHealth();
    health.registry.set("", true);
    const watch = health.client.watch({})[Symbol.asyncIterator]();
    expect(await nextStatus(watch)).toBe(Status.SERVING);
    const closed = health.server.close(60_000);
    expect(await nextStatus(watch)).toBe(Status.NOT_SERVING);
    expect(await nextStatus(watch)).toBe("ended");
    await closed;
  });

  test("a watcher that leaves is forgotten", async () => {
    let listeners = 0;
    const forgotten = Promise.withResolvers<void>();
    await using health = await startHealth((registry) => ({
      ...registry,
      onChange(listener) {
        listeners++;
        const stop = registry.onChange(listener);
        return () => {
          listeners--;
          stop();
          forgotten.resolve();
        };
      },
    }));
    for await (const _ of health.client.watch({})) break;
    await forgotten.promise;
    expect(listeners).toBe(0);
  });
});
