import { invalidParameter } from "../../../clients/errors.ts";
import { audioPart, base64Url, imagePart, type PartInit, textPart } from "../../dialect/request/media-parts.ts";
import { mediaMarker, type MediaPrompt } from "../schema/prompts.ts";

/** A text and its files by turns. Throws INVALID_PARAMETER unless there are as many files as markers. */
export function partsToProto({ prompt_string: text, multimodal_data: data }: MediaPrompt): PartInit[] {
  const files = data ?? [];
  const texts = text.split(mediaMarker);
  if (texts.length - 1 !== files.length) {
    const message = `multimodal_data has ${files.length} files, and prompt_string ${texts.length - 1} markers (${mediaMarker})`;
    throw invalidParameter("prompt.multimodal_data", message);
  }
  return texts.flatMap((piece, index) => {
    const file = files[index];
    const said = piece === "" ? [] : [textPart(piece)];
    return file === undefined
      ? said
      : [...said, isSound(file) ? audioPart(base64Url(file)) : imagePart(base64Url(file))];
  });
}

/** Which parts of a prompt are its files, in order: what a refusal of one is told by. */
export function filePlaces(prompt: MediaPrompt): readonly (number | undefined)[] {
  let files = 0;
  return partsToProto(prompt).map(({ part }) => (part?.case === "text" ? undefined : files++));
}

/** Files are told apart by their first bytes, as llama-server does. */
function isSound(base64: string): boolean {
  const start = Buffer.from(base64.slice(0, 24), "base64").toString("latin1");
  return /^(RIFF.{4}WAVE|ID3|fLaC|\xff[\xe0-\xff])/s.test(start);
}
