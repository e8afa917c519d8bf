import { createHash, timingSafeEqual } from "node:crypto";
import { ErrorReason, RpcError } from "./errors.ts";

/** A call's HTTP header or gRPC metadata by its name in lower case; unset or "": it has none. */
export type HeaderReader = (name: string) => string | undefined;

/**
 * Makes the check of who may call: whoever presents one of `keys`, as `authorization: Bearer KEY` or `x-api-key: KEY`.
 * The check throws UNAUTHENTICATED. Without keys everyone may call, whatever they present: the replaced server's clients
 * send `Bearer None`.
 */
export function createKeyCheck(keys: readonly string[]): (header: HeaderReader) => void {
  const digests = keys.map(digest);
  return (header) => {
    if (digests.length === 0) return;
    const presented = [bearer(header("authorization")) ?? "", header("x-api-key") ?? ""].filter((key) => key !== "");
    if (presented.length === 0)
      throw refusal("no API key was given: send it as `Authorization: Bearer <key>` or `x-api-key`");
    // Every key is compared with every other, and digests have one length: the time tells nothing about a key.
    const hashes = presented.map(digest);
    const matches = digests.flatMap((known) => hashes.map((hash) => timingSafeEqual(known, hash)));
    if (!matches.includes(true)) throw refusal("the API key is not one of this server's");
  };
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function refusal(message: string): RpcError {
  return new RpcError(ErrorReason.UNAUTHENTICATED, message);
}
