import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { llamaAdaptersSchema, notServedSchema } from "../answers.ts";

interface Scale {
  readonly id: number;
  readonly scale: number;
}

/** GET /lora-adapters: what is applied to the model. */
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

/** POST /lora-adapters: adapters keep the scale that they were loaded with. */
export function setAdapters(): Endpoint {
  return endpoint({
    method: "post",
    path: "/lora-adapters",
    result: notServedSchema,
    summary: "Not served: LoRA adapters come from the configuration",
    answer() {
      const message = "the scales of LoRA adapters are fixed when the model is loaded (lora_path in the configuration)";
      throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message);
    },
  });
}

/** Refuses a request that wants other adapters, or other scales, than the model has. */
export async function requireAdapters(
  deps: DialectDeps,
  {
    body,
    call,
  }: Exchange<{ readonly model?: string | null | undefined; readonly lora?: readonly Scale[] | null | undefined }>,
): Promise<void> {
  if (body.lora != null) await requireScales(deps, { model: body.model ?? "", call }, body.lora);
}

async function requireScales(
  { client }: DialectDeps,
  { model, call }: { readonly model: string; readonly call: Exchange["call"] },
  wanted: readonly Scale[],
): Promise<void> {
  const { adapters } = await client.inference.describeModel({ model }, call);
  const stranger = wanted.find(({ id }) => !adapters.some((adapter) => adapter.id === id));
  if (stranger !== undefined) {
    const message = `lora names the adapter ${stranger.id}, which the model does not have (it has ${adapters.length})`;
    throw new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "lora" });
  }
  // One that is not named is wanted at scale 0 (llama-server).
  const other = adapters.find(({ id, scale }) => (wanted.find((it) => it.id === id)?.scale ?? 0) !== scale);
  if (other === undefined) return;
  const message = `lora: the adapter ${other.id} is applied at scale ${other.scale} to every request; other scales are not served`;
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "lora" });
}
