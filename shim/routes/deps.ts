import type { Registry } from "prom-client";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import type { ShimSettings } from "../config.ts";
import type { Lifecycle } from "../lifecycle.ts";

/** What the shim needs of a client: the two services. */
export type ShimClient = Pick<TokenwireClient, "inference" | "models">;

/** What every route is made of. */
export interface RouteDeps {
  readonly client: ShimClient;
  readonly settings: ShimSettings;
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  /** Part of `system_fingerprint`. */
  readonly version: string;
}
