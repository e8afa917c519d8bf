import { z } from "zod";
import { text, unsettable, unsupported } from "../../dialect/request/fields.ts";
import { loraScales } from "../../dialect/sampling/fields.ts";
import { prompts } from "./prompts.ts";

/** The body of POST /lora-adapters, which llama-server's clients send as a list alone. */
export const setAdaptersSchema = z.object({ model: text, lora: loraScales });

/** The body of POST /slots/{id}; to erase takes none. */
export const changeSlotSchema = z.object({ model: text, filename: text });

/** The body of POST /embedding. */
export const embeddingRequestSchema = z.object({
  model: text,
  content: unsettable(prompts),
  /** Older versions' name. */
  input: unsettable(prompts),
  embd_normalize: unsupported(
    "embd_normalize is served as -1 (as the model says them) and 2 (vectors of length 1)",
    z.literal([-1, 2]),
  ),
});
