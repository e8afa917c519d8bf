import { readFile, stat } from "node:fs/promises";
import { StartError } from "../../config/config-error.ts";

/** Far beyond any context; a larger one is a mistake, and would only be read to be refused. */
const maxBytes = 8 * 1024 * 1024;

/** Reads a text file for a prompt. Throws StartError when it is not one. */
export async function readTextFile(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new StartError(`${path} has ${size} bytes: a file for a prompt has at most ${maxBytes}`);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return decodeText(bytes, path);
}

/** Reads a stream to its end. Throws StartError when it is not text. */
export async function readTextStream(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBytes) throw new StartError(`stdin has more than ${maxBytes} bytes, the most that a prompt can have`);
    chunks.push(bytes);
  }
  return decodeText(Buffer.concat(chunks), "stdin");
}

function decodeText(bytes: Uint8Array, name: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw new StartError(`${name} is not a text file (UTF-8): a prompt takes text only`);
}
