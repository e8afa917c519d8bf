import {
  type AudioSchema,
  type ContentPartSchema,
  ImageDetail,
  type ImageSchema,
} from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../deps.ts";

export type PartInit = Init<typeof ContentPartSchema>;

export function textPart(value: string): PartInit {
  return { part: { case: "text", value } };
}

/** What APIs that have it mean by `detail`. */
export const imageDetails = ["auto", "low", "high"] as const;

const details: Readonly<Record<(typeof imageDetails)[number], ImageDetail>> = {
  auto: ImageDetail.UNSPECIFIED,
  low: ImageDetail.LOW,
  high: ImageDetail.HIGH,
};

export interface ImageOptions {
  readonly detail?: (typeof imageDetails)[number] | null | undefined;
}

/** A picture by its URL, which the service fetches, or decodes where it is a `data:` URL. */
export function imagePart(url: string, { detail }: ImageOptions = {}): PartInit {
  const value: Init<typeof ImageSchema> = { source: { case: "url", value: url }, detail: details[detail ?? "auto"] };
  return { part: { case: "image", value } };
}

export function audioPart(url: string): PartInit {
  const value: Init<typeof AudioSchema> = { source: { case: "url", value: url } };
  return { part: { case: "audio", value } };
}

/** A file's base64 as a URL; some clients send it as one already. */
export function base64Url(base64: string, mediaType = ""): string {
  return /^data:/i.test(base64) ? base64 : `data:${mediaType};base64,${base64}`;
}

/** A refusal's field, which the service calls by what its own parts have. */
export function renameMedia(
  param: string,
  { image, audio }: { readonly image: string; readonly audio: string },
): string {
  return param.replace(/\.image\.(url|data)$/, `.${image}`).replace(/\.audio\.(url|data)$/, `.${audio}`);
}
