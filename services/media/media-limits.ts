import type { ServiceSettings } from "../../settings/settings.ts";
import type { MediaLimits } from "./resolve-media.ts";

/** The settings that say what a request may hold of pictures and sounds. */
export function mediaLimits(service: ServiceSettings): MediaLimits {
  return {
    hosts: service.media_url_hosts,
    privateAddresses: service.media_url_private,
    timeoutMs: service.media_url_timeout_seconds * 1_000,
    count: service.media_count,
    bytes: service.media_bytes,
    pixels: service.media_pixels,
    seconds: service.media_seconds,
  };
}
