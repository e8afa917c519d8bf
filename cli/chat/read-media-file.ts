import { extname } from "node:path";
import { audioPart, imagePart } from "../../clients/media/media-parts.ts";
import { StartError } from "../../config/config-error.ts";

const sounds = [".wav", ".mp3", ".flac"];
const pictures = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"];

/** Whether a file's name is that of a picture or a sound; undefined: it is taken to be text. */
export function mediaKind(path: string): "image" | "audio" | undefined {
  const extension = extname(path).toLowerCase();
  if (pictures.includes(extension)) return "image";
  return sounds.includes(extension) ? "audio" : undefined;
}

/** A picture or a sound as a part of a message. Throws StartError when it cannot be read. */
export async function readMediaFile(kind: "image" | "audio", path: string) {
  try {
    return await (kind === "image" ? imagePart(path) : audioPart(path));
  } catch (error) {
    throw new StartError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
