import { join } from "node:path";
import type { GivenSettings } from "../values/given.ts";
import { packageRoot } from "../config.ts";

/** The model that ships with the package, as it is served when no other is named. */
export function embeddedModel(): GivenSettings {
  const settings = {
    model: join(packageRoot, "models/tiny-guide/tiny-guide-q8_0.gguf"),
    model_alias: "tiny-guide",
    // What it was trained with.
    n_ctx: 1024,
    // A slot of it costs next to nothing.
    n_slots: 8,
  };
  return new Map(
    Object.entries(settings).map(([name, value]) => [
      name,
      { value, where: `${name} of the embedded model`, base: packageRoot },
    ]),
  );
}
