import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { pipeline } from "node:stream/promises";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { ShimContext } from "../context.ts";
import { HttpError } from "../dialect/error-facts.ts";

/** A file of a form, whole. */
export interface FormFile {
  readonly name: string;
  readonly type: string;
  readonly data: Buffer;
}

const maxFields = 100;

/**
 * Reads a request's body as a form (multipart/form-data): texts, lists of them where a name ends with `[]`, and files.
 * Throws the caller's error for a body that is too large, malformed, or no form.
 */
export async function readFormBody(ctx: ShimContext, limitBytes: number): Promise<Record<string, unknown>> {
  if (!/^multipart\/form-data\b/i.test(ctx.get("content-type"))) {
    throw new HttpError(415, "unsupported_media_type", "send a form with the file: multipart/form-data");
  }
  if (Number(ctx.get("content-length") || 0) > limitBytes) {
    ctx.req.resume();
    throw tooLarge(limitBytes);
  }
  const form: Record<string, unknown> = {};
  try {
    await pipeline(ctx.req, counted(limitBytes), parser(ctx, form));
  } catch (error) {
    if (error instanceof RpcError || error instanceof HttpError) {
      ctx.req.resume();
      throw error;
    }
    if (ctx.req.destroyed && !ctx.req.complete) {
      throw new RpcError(ErrorReason.CANCELLED, "the client left", { cause: error });
    }
    throw malformed(error);
  }
  return form;
}

function parser(ctx: ShimContext, form: Record<string, unknown>): Busboy {
  let busboy: Busboy;
  try {
    busboy = new Busboy({
      headers: ctx.headers as BusboyHeaders,
      limits: { fields: maxFields, files: 1, parts: maxFields + 1, fieldSize: 1024 * 1024 },
    });
  } catch (error) {
    throw malformed(error);
  }
  busboy.on("field", (name, value, _, isCut) => {
    if (isCut) busboy.destroy(new HttpError(400, "invalid_form", `the form's field ${name.slice(0, 64)} is too long`));
    const list = /^(.*)\[\]$/.exec(name)?.[1];
    if (list === undefined) form[name] = value;
    else form[list] = [...((form[list] as string[] | undefined) ?? []), value];
  });
  busboy.on("file", (field, stream, name, _, type) => {
    const pieces: Buffer[] = [];
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.on("end", () => (form[field] = { name, type, data: Buffer.concat(pieces) } satisfies FormFile));
  });
  const refuse = (what: string) => () =>
    busboy.destroy(new HttpError(400, "invalid_form", `the form has more ${what} than are read`));
  busboy.on("filesLimit", refuse("files"));
  busboy.on("fieldsLimit", refuse("fields"));
  busboy.on("partsLimit", refuse("parts"));
  return busboy;
}

/** Hands on what comes, and fails when it is too much. */
function counted(limitBytes: number) {
  return async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    let length = 0;
    for await (const piece of pieces) {
      length += piece.length;
      if (length > limitBytes) throw tooLarge(limitBytes);
      yield piece;
    }
  };
}

function tooLarge(limitBytes: number): RpcError {
  return new RpcError(ErrorReason.REQUEST_TOO_LARGE, `the request's body is larger than ${limitBytes} bytes`);
}

function malformed(error: unknown): HttpError {
  const why = error instanceof Error ? error.message : String(error);
  return new HttpError(400, "invalid_form", `the request's body is not a valid form: ${why}`);
}
