import { invalidParameter } from "../../clients/errors.ts";
import type { Audio, ContentPart, Image } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { checkTaken, type TakesMedia } from "../protocol/refusals.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { checkUrl, fetchMedia, type FetchLimits } from "./fetch/fetch-media.ts";
import { MediaFault } from "./media-fault.ts";
import { parseDataUrl } from "./parse-data-url.ts";
import { checkPngData } from "./picture/check-png-data.ts";
import { readPng } from "./picture/png.ts";
import { readPicture } from "./picture/read-picture.ts";
import { readSound } from "./sound/read-sound.ts";
import type { WebpDecoder } from "./webp/webp-decoder.ts";

/** What the pictures and sounds of one request may come to, all together. */
export interface MediaLimits extends FetchLimits {
  readonly count: number;
  readonly bytes: number;
  readonly pixels: number;
  readonly seconds: number;
}

export interface MediaDeps {
  readonly limits: MediaLimits;
  /** What a model takes, as far as it is known; undefined: text alone. */
  readonly takenBy: (model: string) => TakesMedia | undefined;
  readonly webp: WebpDecoder;
}

/** A picture or a sound in a request, and where. */
export interface MediaPlace {
  readonly path: string;
  readonly part: MediaPart;
}

type MediaPart = { readonly case: "image"; readonly value: Image } | { readonly case: "audio"; readonly value: Audio };

/** Fetched at once: a conversation's pictures mostly come from one host. */
const maxFetches = 4;

export function isMedia(part: ContentPart["part"]): part is MediaPart {
  return part.case === "image" || part.case === "audio";
}

/**
 * The parts that a worker is given in the place of these: with the file itself, which was looked over, in a format that
 * engines read. Throws INVALID_PARAMETER, naming the place, for what is not served as it is.
 */
export async function resolveMedia(
  places: readonly MediaPlace[],
  { limits, webp }: Omit<MediaDeps, "takenBy">,
  signal: AbortSignal,
): Promise<ContentPart["part"][]> {
  const [tooMany] = places.slice(limits.count);
  if (tooMany !== undefined) {
    const message = `${tooMany.path} is one too many: a request may hold ${limits.count} pictures and sounds`;
    throw invalidParameter(tooMany.path, message);
  }
  const budget = createBudget(limits);
  // What can be refused without asking anybody is refused first.
  for (const place of places) await guarded(place, () => checkSource(place, limits));
  return mapAtOnce(places, maxFetches, (place) =>
    guarded(place, async () => {
      const file = await readSource(place, { limits, budget, signal });
      return place.part.case === "image"
        ? picturePart(place.part.value, file, { budget, webp, signal })
        : soundPart(place.part.value, file, budget);
    }),
  );
}

type Budget = ReturnType<typeof createBudget>;

function createBudget(limits: MediaLimits) {
  const left = { bytes: limits.bytes, pixels: limits.pixels, seconds: limits.seconds };
  const words = {
    bytes: `is too large: the files of a request may have ${limits.bytes} bytes together`,
    pixels: `has too many pixels: the pictures of a request may have ${limits.pixels} together`,
    seconds: `is too long: the sounds of a request may last ${limits.seconds} seconds together`,
  };
  return {
    take(what: keyof typeof left, amount: number): void {
      left[what] -= amount;
      if (left[what] < 0) throw new MediaFault(words[what]);
    },
  };
}

/** Runs what may find a fault with a place, and says which place it is. */
async function guarded<T>({ path, part }: MediaPlace, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof MediaFault)) throw error;
    const param = paramOf({ path, part });
    throw invalidParameter(param, `${param} ${error.message}`);
  }
}

/** Refuses what the model does not take. */
export function checkPlaces(places: readonly MediaPlace[], takes: TakesMedia | undefined): void {
  for (const place of places) checkTaken(place.part.case, paramOf(place), takes);
}

function paramOf({ path, part }: MediaPlace): string {
  return `${path}.${part.case}.${part.value.source.case ?? "data"}`;
}

function checkSource({ part }: MediaPlace, limits: MediaLimits): void {
  const { source, mediaType } = part.value;
  checkType(part.case, mediaType);
  if (source.case === undefined || source.value.length === 0) throw new MediaFault("is empty");
  if (source.case === "url" && !isDataUrl(source.value)) checkUrl(parseUrl(source.value), limits);
}

interface ReadOptions {
  readonly limits: MediaLimits;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

async function readSource({ part }: MediaPlace, { limits, budget, signal }: ReadOptions): Promise<Buffer> {
  const { source } = part.value;
  const count = (bytes: number) => budget.take("bytes", bytes);
  if (source.case === "url") {
    if (!isDataUrl(source.value)) return fetchMedia(parseUrl(source.value), { limits, count, signal });
    const { mediaType, data } = await parseDataUrl(source.value);
    checkType(part.case, mediaType);
    count(data.length);
    return data;
  }
  const bytes = source.value ?? new Uint8Array();
  count(bytes.length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

interface PictureOptions {
  readonly budget: Budget;
  readonly webp: WebpDecoder;
  readonly signal: AbortSignal;
}

async function picturePart(
  image: Image,
  file: Buffer,
  { budget, webp, signal }: PictureOptions,
): Promise<ContentPart["part"]> {
  const { format, width, height } = readPicture(file);
  budget.take("pixels", width * height);
  if (format === "png") await checkPngData(readPng(file), signal);
  const data = format === "webp" ? await webp.decode(file) : file;
  const mediaType = `image/${format === "webp" ? "bmp" : format}`;
  return { case: "image", value: { ...image, source: { case: "data", value: data }, mediaType } };
}

function soundPart(audio: Audio, file: Buffer, budget: Budget): ContentPart["part"] {
  const { format, seconds } = readSound(file);
  budget.take("seconds", seconds);
  return { case: "audio", value: { ...audio, source: { case: "data", value: file }, mediaType: `audio/${format}` } };
}

/** The bytes decide what a file is; but a page, say, was never meant to be a picture. */
function checkType(kind: MediaPart["case"], mediaType: string): void {
  if (mediaType === "" || /^application\/octet-stream$/i.test(mediaType)) return;
  if (mediaType.toLowerCase().startsWith(`${kind}/`)) return;
  throw new MediaFault(
    `is called ${mediaType.slice(0, 100)}, which is not a type of ${kind === "image" ? "picture" : "sound"}`,
  );
}

function isDataUrl(url: string): boolean {
  return /^data:/i.test(url);
}

function parseUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new MediaFault("is not a URL: send a data: URL with the file in base64");
}
