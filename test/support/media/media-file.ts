import { readFileSync } from "node:fs";

/** One of the pictures and sounds that make-media.py writes. */
export function mediaFile(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.url));
}

/** The same as a `data:` URL. */
export function dataUrl(name: string, mediaType = "application/octet-stream"): string {
  return `data:${mediaType};base64,${mediaFile(name).toString("base64")}`;
}
