import { z } from "zod";
import { flag, text } from "../../dialect/request/fields.ts";

/** A request about one model, which older clients call `name`. */
export const modelFields = { model: text, name: text };

export const showRequestSchema = z.object({ ...modelFields, verbose: flag });
export const pullRequestSchema = z.object({ ...modelFields, insecure: flag, stream: flag });
export const deleteRequestSchema = z.object(modelFields);
export const copyRequestSchema = z.object({ source: z.string().min(1), destination: z.string().min(1) });
/** What cannot be done here is refused whatever it holds. */
export const refusedRequestSchema = z.looseObject({});
