import { invalidParameter } from "../../../../clients/errors.ts";
import { type ContentPart, ImageDetail } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { PromptPart } from "../../engine.ts";

/** A part of a message or a prompt; `path` is where it stands. Throws INVALID_PARAMETER on one without anything in it. */
export function parsePart({ part }: ContentPart, path: string): PromptPart {
  if (part.case === "text") return part.value;
  if (part.case === undefined) throw invalidParameter(path, `${path} has neither text, image nor audio`);
  const { source } = part.value;
  const param = `${path}.${part.case}.${source.case ?? "data"}`;
  if (source.case === "url") throw invalidParameter(param, `${param} is for the service to fetch: a worker takes data`);
  if (source.case === undefined || source.value.length === 0) throw invalidParameter(param, `${param} is empty`);
  const detail = part.case === "image" && part.value.detail === ImageDetail.LOW ? "low" : "auto";
  return { kind: part.case, data: source.value, detail, param };
}
