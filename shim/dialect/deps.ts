import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import type { ShimSettings } from "../../settings/rest-settings.ts";
import type { Lifecycle } from "../lifecycle.ts";

/** What the shim needs of a client: the two services. */
export type ShimClient = Pick<TokenwireClient, "inference" | "models">;

/** What dialects are made of. */
export interface DialectDeps {
  readonly client: ShimClient;
  readonly settings: ShimSettings;
  /** For work that outlives its request. */
  readonly lifecycle: Lifecycle;
  /** For what no request's answer tells. */
  readonly logger: Logger;
  /** Part of `system_fingerprint`. */
  readonly version: string;
}

/** A message as a plain partial object, which the client turns into a real one. */
export type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, { $typeName: string }>;
