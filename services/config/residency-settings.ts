import { z } from "zod";
import { optional, whole } from "./kinds.ts";
import { honoured } from "./setting.ts";

/** When a model is in memory, and what its worker says. */
export const residencySettings = {
  pin: honoured("Load the model at start and never unload it.", z.boolean().default(false)),
  ttl: honoured(
    "Unload the model after so many seconds without a request. Unset: never for idleness.",
    optional(whole(1)),
  ),
  verbose: honoured("Log what llama.cpp itself says, too.", z.boolean().default(false), { replaced: { was: true } }),
};
