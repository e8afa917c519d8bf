import { readFile } from "node:fs/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ContentPartSchema, ImageDetail } from "../../proto/gen/tokenwire/v1/chat_pb.ts";

/** A file of a picture or a sound: its bytes, a Blob, its path, or, as a URL, where the service fetches it. */
export type MediaFile = Uint8Array | Blob | string | URL;

type Part = MessageInitShape<typeof ContentPartSchema>;

const details = { low: ImageDetail.LOW, high: ImageDetail.HIGH } as const;

/**
 * A picture as a part of a message for the gRPC client: PNG, JPEG, WebP, GIF or BMP, for a model that sees. The service
 * fetches a URL only where its `media_url_hosts` lets it. Rejects when a path cannot be read.
 *
 * @example
 * const content = [{ part: { case: "text", value: "What is this?" } }, await imagePart("cat.jpg")];
 */
export async function imagePart(
  file: MediaFile,
  { detail }: { readonly detail?: keyof typeof details } = {},
): Promise<Part> {
  const value = { ...(await readSource(file)), ...(detail && { detail: details[detail] }) };
  return { part: { case: "image", value } };
}

/** A sound, likewise: wav, mp3 or flac, for a model that hears. */
export async function audioPart(file: MediaFile): Promise<Part> {
  return { part: { case: "audio", value: await readSource(file) } };
}

async function readSource(file: MediaFile) {
  if (file instanceof URL && file.protocol !== "file:") return { source: { case: "url" as const, value: file.href } };
  if (file instanceof Blob) {
    const value = new Uint8Array(await file.arrayBuffer());
    return { source: { case: "data" as const, value }, mediaType: file.type };
  }
  const value = file instanceof Uint8Array ? file : await readFile(file);
  return { source: { case: "data" as const, value } };
}
