import { z } from "zod";
import { optional, whole } from "./kinds.ts";
import { honoured } from "./setting.ts";

/** When a model is in memory, and what its worker says. */
export const residencySettings = {
  pin: honoured("Load the model at start and never unload it: it cannot have a ttl.", z.boolean().default(false)),
  ttl: honoured(
    "Load the model with its first request, and unload it after so many seconds without one. Unset: it is loaded at start and stays.",
    optional(whole(1)),
  ),
  verbose: honoured("Log what llama.cpp itself says, too.", z.boolean().default(false), { replaced: { was: true } }),
};
