import { z } from "zod";
import type { Model } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";

/** A model as Anthropic lists it. */
export const modelSchema = named(
  "MessageModel",
  z.strictObject({ type: z.literal("model"), id: z.string(), display_name: z.string(), created_at: z.string() }),
);

export const modelPageSchema = named(
  "MessageModelPage",
  z.strictObject({
    data: z.array(modelSchema),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  }),
);

export function modelFromProto({ id, created }: Model): z.infer<typeof modelSchema> {
  return { type: "model", id, display_name: id, created_at: new Date(Number(created) * 1_000).toISOString() };
}

export interface Page {
  readonly limit: number;
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
}

/** A page of the models in the order of the configuration. An id that is not there is the beginning, or the end. */
export function modelPageFromProto(
  models: readonly Model[],
  { limit, afterId, beforeId }: Page,
): z.infer<typeof modelPageSchema> {
  const from = afterId === undefined ? 0 : models.findIndex(({ id }) => id === afterId) + 1;
  const before = models.findIndex(({ id }) => id === beforeId);
  const until = before === -1 ? models.length : before;
  const page =
    beforeId === undefined ? models.slice(from, from + limit) : models.slice(Math.max(0, until - limit), until);
  const data = page.map(modelFromProto);
  return {
    data,
    has_more: beforeId === undefined ? from + limit < models.length : until - limit > 0,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}
