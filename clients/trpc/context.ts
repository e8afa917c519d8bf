import type { TokenwireClient } from "../tokenwire-client.ts";

/** What the router's procedures work with. */
export interface TrpcContext {
  readonly client: Pick<TokenwireClient, "inference" | "models">;
  /** Sent along with the calls that a procedure makes. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Makes the context of one HTTP request: the client to call, and what to send along (`x-request-id`, `authorization`). */
export function createTrpcContext(
  client: TrpcContext["client"],
  metadata: Readonly<Record<string, string>> = {},
): TrpcContext {
  return { client, metadata };
}
