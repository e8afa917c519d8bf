import { z } from "zod";
import { flag, text, tokenId, unsettable, unsupported, arrayOf } from "../../dialect/request/fields.ts";
import { generationFields, images } from "./options.ts";

const noPictures = "images are not generated here";

/** The body of POST /api/generate. Without a prompt it only loads the model. */
export const generateRequestSchema = z.object({
  ...generationFields,
  prompt: text,
  suffix: text,
  system: text,
  raw: flag,
  /** The tokens of the conversation so far, as an earlier answer gave them. */
  context: unsettable(arrayOf(tokenId, { max: 1_000_000 })),
  images,
  template: unsupported(
    "templates in Go's language are not served: leave template out, or send the whole prompt with raw: true",
    z.literal(""),
  ),
  width: unsupported(noPictures),
  height: unsupported(noPictures),
  steps: unsupported(noPictures),
});

export type OllamaGenerateRequest = z.infer<typeof generateRequestSchema>;
