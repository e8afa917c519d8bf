import { toDataUrl } from "../../media/data-url.ts";
import { chatModels, models } from "../server/models.ts";
import { draftModel } from "./chat-actions.ts";
import type { Conversation } from "./conversation.ts";

/** What the server takes as a picture. */
export const pictureTypes: readonly string[] = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];

/** Whether the model of a conversation, or of the next one, sees; one that was never loaded has not said it yet. */
export function modelSees(conversation: Conversation | undefined): boolean {
  const chosen = (conversation ? conversation.model : draftModel.value) ?? models.value[0]?.id;
  return chatModels.value.find(({ id }) => id === chosen)?.details?.vision === true;
}

/** The pictures among files, as `data:` URLs. */
export function readPictures(files: FileList | null | undefined): Promise<string[]> {
  return Promise.all(picturesOf(files).map(toDataUrl));
}

export function picturesOf(files: FileList | null | undefined): File[] {
  return [...(files ?? [])].filter(({ type }) => pictureTypes.includes(type));
}
