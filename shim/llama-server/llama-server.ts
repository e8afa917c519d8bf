import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { llamaErrorSchema } from "./answers.ts";
import { listAdapters, setAdapters } from "./endpoints/adapters.ts";
import { completion } from "./endpoints/completion.ts";
import { embedding } from "./endpoints/embedding.ts";
import { infill } from "./endpoints/infill.ts";
import { props, setProps, slots } from "./endpoints/state.ts";
import { changeSlot } from "./endpoints/change-slot.ts";
import { llamaServerError } from "./error.ts";

/** llama-server's own routes, beside those that it has in common with OpenAI's API. */
export function createLlamaServer(deps: DialectDeps): Dialect {
  return {
    name: "llama-server",
    owns: ["/completion", "/infill", "/embedding", "/props", "/slots", "/lora-adapters"],
    tags: { "llama-server": "llama-server's own routes." },
    error: llamaServerError,
    errorSchema: llamaErrorSchema,
    endpoints: [
      completion(deps),
      infill(deps),
      embedding(deps),
      props(deps),
      setProps(),
      slots(deps),
      changeSlot(deps),
      listAdapters(deps),
      setAdapters(deps),
    ],
  };
}
