import { invalidParameter } from "../../../clients/errors.ts";
import type { ChangeSlotRequestSchema, ChangeSlotResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { DialectDeps, Init } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { llamaSlotChangeSchema } from "../answers.ts";
import { changeSlotSchema } from "../schema/other-requests.ts";

type Action = "save" | "restore" | "erase";

/** POST /slots/{id}?action=save|restore|erase: what a slot holds as a file, where the model's slot_save_path allows it. */
export function changeSlot({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/slots/:id",
    params: { id: "The slot's number." },
    query: { action: "save, restore or erase.", model: "A configured model's name; left out: the first one." },
    body: changeSlotSchema,
    bodyMayBeMissing: true,
    example: { filename: "chat-1" },
    result: llamaSlotChangeSchema,
    summary: "Save what a slot holds to a file, put it back, or empty the slot",
    async answer({ body, call, param, query }) {
      const action = parseAction(query("action"));
      const filename = body.filename ?? "";
      if (action !== "erase" && filename === "") throw invalidParameter("filename", "filename is required");
      const slot = parseSlot(param("id"));
      const model = body.model || (query("model") ?? "");
      const changed = await client.inference.changeSlot({ model, slot, action: actionToProto(action, filename) }, call);
      return { json: { id_slot: slot, ...told(action, filename, changed) } };
    },
  });
}

function parseAction(action = ""): Action {
  const known = (["save", "restore", "erase"] as const).find((name) => name === action);
  if (known !== undefined) return known;
  const message = `action must be "save", "restore" or "erase", not ${JSON.stringify(action.slice(0, 40))}`;
  throw invalidParameter("action", message);
}

function parseSlot(id: string): number {
  if (/^\d{1,9}$/.test(id)) return Number(id);
  throw invalidParameter("id", `a slot is named by its number, not by ${JSON.stringify(id.slice(0, 40))}`);
}

function actionToProto(action: Action, filename: string): NonNullable<Init<typeof ChangeSlotRequestSchema>["action"]> {
  return action === "erase" ? { case: "erase", value: {} } : { case: action, value: filename };
}

function told(action: Action, filename: string, { tokens, bytes, durationMs }: ChangeSlotResponse): object {
  switch (action) {
    case "save":
      return { filename, n_saved: tokens, n_written: Number(bytes), timings: { save_ms: durationMs } };
    case "restore":
      return { filename, n_restored: tokens, n_read: Number(bytes), timings: { restore_ms: durationMs } };
    case "erase":
      return { n_erased: tokens };
  }
}
