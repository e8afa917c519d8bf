import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";

/** Removes a file whose content is not what it should be, and throws RpcError MODEL_LOAD_FAILED. `sha256` is hex. */
export async function checkSha256(
  name: string,
  { place, sha256 }: { readonly place: string; readonly sha256: string },
): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(place, { highWaterMark: 1024 * 1024 }), hash);
  if (hash.digest("hex") === sha256.toLowerCase()) return;
  await rm(place);
  throw new RpcError(
    ErrorReason.MODEL_LOAD_FAILED,
    `${name} was damaged in transit, its SHA-256 is not what the hub says: start again to download it once more`,
  );
}
