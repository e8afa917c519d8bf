import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { HubConfig } from "../../../hub/config.ts";

const maxHops = 5;

/**
 * Where a file of the hub really is: mostly an address on another host, signed for some hours. The token goes no further
 * than to the hub, which the downloader would not see to. Throws RpcError MODEL_LOAD_FAILED when the hub refuses the file.
 */
export async function resolveUrl(hub: HubConfig, url: string): Promise<URL> {
  let at = new URL(url);
  for (let hop = 0; hop < maxHops; hop++) {
    if (at.origin !== new URL(hub.endpoint).origin) return at;
    const headers = hub.token === undefined ? {} : { authorization: `Bearer ${hub.token}` };
    const response = await fetch(at, { method: "HEAD", redirect: "manual", headers });
    if (response.ok) return at;
    const location = response.headers.get("location");
    if (location === null)
      throw new RpcError(
        ErrorReason.MODEL_LOAD_FAILED,
        `${url} answers ${response.status} ${response.statusText}`.trim(),
      );
    at = new URL(location, at);
  }
  throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, `${url} redirects too many times`);
}
