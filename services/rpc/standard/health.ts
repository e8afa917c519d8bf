import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import {
  HealthCheckResponse_ServingStatus as Status,
  type Health,
} from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import type { ServiceHandlers } from "../serve.ts";

/** Which services are ready for calls; "" is the server as a whole. The owner of a service sets it. */
export interface HealthRegistry {
  set(service: string, serving: boolean): void;
  /** undefined: never set. */
  get(service: string): boolean | undefined;
  /** Calls `listener` after each change; returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** Makes a registry in which nothing is known yet. */
export function createHealthRegistry(): HealthRegistry {
  const serving = new Map<string, boolean>();
  const listeners = new Set<() => void>();
  return {
    set(service, value) {
      if (serving.get(service) === value) return;
      serving.set(service, value);
      for (const listener of listeners) listener();
    },
    get: (service) => serving.get(service),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * The handlers of grpc.health.v1.Health over a registry. A server that closes is not serving, whatever was set.
 * (https://github.com/grpc/grpc/blob/master/doc/health-checking.md)
 */
export function healthHandlers(registry: HealthRegistry): ServiceHandlers<typeof Health> {
  const statusOf = (service: string, closing: AbortSignal): Status => {
    const serving = registry.get(service);
    if (serving === undefined) return Status.SERVICE_UNKNOWN;
    return serving && !closing.aborted ? Status.SERVING : Status.NOT_SERVING;
  };
  return {
    async check({ service }, { closing }) {
      const status = statusOf(service, closing);
      if (status === Status.SERVICE_UNKNOWN) {
        // The protocol wants NOT_FOUND, and this is the reason that has it.
        throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `service "${service}" is not known here`);
      }
      return { status };
    },
    async *watch({ service }, { signal, closing }) {
      let wake = () => {};
      const notify = () => wake();
      const stop = registry.onChange(notify);
      signal.addEventListener("abort", notify);
      closing.addEventListener("abort", notify);
      let sent: Status | undefined;
      try {
        while (!signal.aborted) {
          const status = statusOf(service, closing);
          const changed = new Promise<void>((resolve) => (wake = resolve));
          if (status !== sent) yield { status };
          sent = status;
          // The stream has no end of its own, and would use up the grace of the calls that have one.
          if (closing.aborted) return;
          await changed;
        }
      } finally {
        stop();
        closing.removeEventListener("abort", notify);
      }
    },
  };
}
