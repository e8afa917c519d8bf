import { setImmediate } from "node:timers/promises";
import { MediaFault } from "./media-fault.ts";

export interface DataUrl {
  /** Without its parameters; "" where there is none. */
  readonly mediaType: string;
  readonly data: Buffer;
}

const head = /^data:([^;,]*)((?:;[^;,]*)*),/i;
/** The URL-safe letters are the same to a decoder. */
const notBase64 = /[^A-Za-z0-9+/\-_=]/;
/** Letters that are decoded before others have their turn: about a millisecond's. */
const slice = 1024 * 1024;

/** Decodes a `data:` URL (RFC 2397), which has to be in base64; line breaks in it are none of it. Throws a MediaFault. */
export async function parseDataUrl(url: string): Promise<DataUrl> {
  // The head is short; a pattern is not to look through the rest for it.
  const match = head.exec(url.slice(0, 1_024));
  if (match === null) throw new MediaFault("is not a data: URL: write data:image/png;base64, and the file in base64");
  const [before, mediaType = "", parameters = ""] = match;
  if (!/;base64$/i.test(parameters)) throw new MediaFault("is a data: URL that is not in base64");
  return { mediaType, data: await decodeBase64(url, before.length) };
}

async function decodeBase64(text: string, start: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let rest = "";
  for (let at = start; at < text.length; at += slice) {
    if (at > start) await setImmediate();
    const letters = rest + text.slice(at, at + slice).replaceAll(/%0[AD]|%2[0BF]|%3D|\s/gi, unescape);
    if (notBase64.test(letters)) throw new MediaFault("is not valid base64");
    const whole = letters.length - (letters.length % 4);
    pieces.push(Buffer.from(letters.slice(0, whole), "base64"));
    rest = letters.slice(whole);
  }
  pieces.push(Buffer.from(rest, "base64"));
  return Buffer.concat(pieces);
}

/** What browsers escape in URLs; white space is left out. */
function unescape(text: string): string {
  return text.startsWith("%") ? decodeURIComponent(text).trim() : "";
}
