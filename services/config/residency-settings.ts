import { z } from "zod";
import { optional, whole } from "./kinds.ts";
import { honoured, refused } from "./setting.ts";

const allResident = "is not served yet: every model stays in memory once it is loaded; remove it";

/** When a model is in memory, and what its worker says. */
export const residencySettings = {
  pin: refused("Never unload the model.", z.boolean().default(false), { because: allResident }),
  ttl: refused("Unload the model after so many seconds without a request.", optional(whole(1)), {
    because: allResident,
  }),
  verbose: honoured("Log what llama.cpp itself says, too.", z.boolean().default(false), { replaced: { was: true } }),
};
