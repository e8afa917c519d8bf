import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { refuseOversized } from "../../clients/json/refuse-oversized.ts";
import { parseKeepingText } from "../../clients/json/source-text.ts";
import getRawBody from "raw-body";
import type { ShimContext } from "../context.ts";
import { HttpError } from "../dialect/error-facts.ts";

export interface BodyLimits {
  /** Of all but pictures and sounds. */
  readonly bytes: number;
  readonly withMedia: number;
}

/** What a body may be beside a JSON object. */
export interface BodyForms {
  /** The field that a list alone is read as; unset: a list is refused. */
  readonly takesList?: string | undefined;
  /** No body is read as an empty object. */
  readonly bodyMayBeMissing?: boolean | undefined;
}

/**
 * Reads a request's body as a JSON object. Throws the caller's error for a body that is too large, in another encoding,
 * malformed (saying where), too deep, or no object. The content type may be missing or wrong, as curl's default is.
 * `jsonText` gives the objects in it as they were written.
 */
export async function readJsonBody(
  ctx: ShimContext,
  limits: BodyLimits,
  { takesList, bodyMayBeMissing = false }: BodyForms = {},
): Promise<Record<string, unknown>> {
  checkEncoding(ctx);
  const text = await readJsonText(ctx, limits);
  const parsed = parseJson(bodyMayBeMissing && text.trim() === "" ? "{}" : text);
  const value = takesList !== undefined && Array.isArray(parsed) ? { [takesList]: parsed } : parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpError(400, "invalid_json", `the request's body must be a JSON object; got ${kindOf(value)}`);
  }
  refuseLongText(text, limits, () => value);
  return value as Record<string, unknown>;
}

/** A request's body as text, in which everything that JSON can hold has been counted. */
export async function readJsonText(ctx: ShimContext, limits: BodyLimits, { isBatch = false } = {}): Promise<string> {
  const text = decode(await readBytes(ctx, limits.withMedia));
  refuseOversized(text, { isBatch });
  return text;
}

/** Holds everything but pictures and sounds to its own limit. `read` gives what was parsed; it is asked for long texts only. */
export function refuseLongText(text: string, limits: BodyLimits, read: () => unknown): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes && bytes - mediaLength(read()) > limits.bytes) throw tooLarge(limits.bytes);
}

function checkEncoding(ctx: ShimContext): void {
  const coding = ctx.get("content-encoding");
  if (coding !== "" && coding !== "identity") {
    throw new HttpError(
      415,
      "unsupported_content_encoding",
      `content-encoding "${coding}" is not served: send plain JSON`,
    );
  }
  const { charset } = ctx.request;
  if (charset !== "" && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new HttpError(415, "unsupported_charset", `charset "${charset}" is not served: send UTF-8`);
  }
}

async function readBytes(ctx: ShimContext, limitBytes: number): Promise<Buffer> {
  try {
    return await getRawBody(ctx.req, { limit: limitBytes, length: ctx.get("content-length") || null });
  } catch (error) {
    const type = error instanceof Error && "type" in error ? error.type : undefined;
    if (type === "entity.too.large") {
      // Clients that are still writing would see a closed connection instead of the answer; the server's requestTimeout
      // is the end of their patience.
      ctx.req.resume();
      throw tooLarge(limitBytes);
    }
    if (type === "request.aborted") throw new RpcError(ErrorReason.CANCELLED, "the client left", { cause: error });
    if (type === "request.size.invalid") {
      throw new HttpError(400, "invalid_body", "the request's body is not as long as its content-length says");
    }
    throw error;
  }
}

function tooLarge(limitBytes: number): RpcError {
  return new RpcError(ErrorReason.REQUEST_TOO_LARGE, `the request's body is larger than ${limitBytes} bytes`);
}

/** What the fields are called that hold pictures and sounds, in every API; an array's items have its name. */
const mediaFields = new Set(["url", "image_url", "data", "images", "multimodal_data"]);

/** Characters of pictures and sounds. */
function mediaLength(value: unknown, field = ""): number {
  if (typeof value === "string") return mediaFields.has(field) ? value.length : 0;
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + mediaLength(item, field), 0);
  return Object.entries(value).reduce((sum, [name, member]) => sum + mediaLength(member, name), 0);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, "invalid_json", "the request's body is not valid UTF-8");
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === "") throw new HttpError(400, "invalid_json", "the request has no body: send a JSON object");
  try {
    return parseKeepingText(text);
  } catch (error) {
    const where = error instanceof Error ? error.message : "it cannot be parsed";
    throw new HttpError(400, "invalid_json", `the request's body is not valid JSON: ${where}`);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
