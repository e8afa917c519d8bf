import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { llamaAdaptersSchema, successSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import { setAdaptersSchema } from "../schema/other-requests.ts";

/** GET /lora-adapters: what was loaded with the model, and how strongly it is applied. */
export function listAdapters({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/lora-adapters",
    query: { model: "Name of a configured model; the first one by default." },
    result: llamaAdaptersSchema,
    summary: "The LoRA adapters of a model (llama-server)",
    async answer({ call, query }) {
      const { adapters } = await client.inference.describeModel({ model: query("model") ?? "" }, call);
      return { json: adapters.map(({ id, path, scale }) => ({ id, path, scale })) };
    },
  });
}

/** POST /lora-adapters: how strongly they are applied to requests that do not say. */
export function setAdapters({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/lora-adapters",
    query: { model: "A configured model's name; left out: the first one." },
    body: setAdaptersSchema,
    takesList: "lora",
    example: { lora: [] },
    result: successSchema,
    summary: "Change how strongly LoRA adapters are applied where a request does not say",
    explain,
    async answer({ body, call, query }) {
      const model = body.model || (query("model") ?? "");
      await client.inference.setAdapters({ model, adapters: { scales: body.lora } }, call);
      return { json: { success: true } };
    },
  });
}
