import { invalidParameter } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import type { Exchange } from "../../dialect/dialect.ts";
import { toModelId } from "../model-name.ts";
import type { OllamaChatRequest } from "../schema/chat-request.ts";

/** Refuses `think` for a model that cannot, as Ollama does. */
export async function requireThinking(
  { client }: DialectDeps,
  { body: { model, think }, call }: Exchange<Pick<OllamaChatRequest, "model" | "think">>,
): Promise<void> {
  if (think == null || think === false) return;
  const { reasons } = await client.inference.describeModel({ model: toModelId(model) }, call);
  if (!reasons) throw invalidParameter("think", `think: the model ${JSON.stringify(model)} does not support thinking`);
}
