import { createKeyCheck } from "../../clients/api-keys.ts";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.ts";
import type { CallHook } from "./running-call.ts";

/** Refuses calls without one of `keys` in their metadata; without keys, none. Probes have no key, so health is open. */
export function requireKey(keys: readonly string[]): CallHook {
  const check = createKeyCheck(keys);
  return ({ method, metadata }) => {
    if (!method.startsWith(`${Health.typeName}/`)) check(metadata);
    return undefined;
  };
}
