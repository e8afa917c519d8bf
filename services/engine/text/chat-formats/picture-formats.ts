import type { ChatMessage } from "../chat-messages.ts";
import { isMediaMark } from "../media/media-marks.ts";
import { createDialogue, type Turn } from "./dialogue.ts";
import { writeTurns, type Around, type ChatFormat, type TurnFormat } from "./turn-format.ts";

export const pictureFormatNames = [
  "llava-1-5",
  "llava-1-6",
  "moondream",
  "minicpm-v",
  "minicpm-v-2.6",
  "nanollava",
  "llama-3-vision",
  "llama-3-vision-alpha",
  "obsidian",
  "qwen2.5-vl",
] as const;

interface PictureFormat extends TurnFormat {
  readonly stop?: readonly string[];
  /** Where a message's pictures stand: before all of its text, each followed by this; unset: where they are sent. */
  readonly pictures?: { readonly after: string };
  /** What stands around the text of a user, behind the pictures. */
  readonly question?: Around;
}

const assistant = "You are a helpful assistant.";
const llavaSystem =
  "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions.";

const chatmlTurns = {
  system: { at: "front", around: ["<|im_start|>system\n", "<|im_end|>\n"], fallback: assistant },
  user: ["<|im_start|>user\n", "<|im_end|>\n"],
  assistant: ["<|im_start|>assistant\n", "<|im_end|>\n"],
  cue: "<|im_start|>assistant\n",
  stop: ["<|im_end|>"],
} as const satisfies PictureFormat;
const minicpm = picture({ ...chatmlTurns, pictures: { after: "" } });
const llama3 = picture({
  system: { at: "in-place", around: ["<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"] },
  user: ["<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"],
  assistant: ["<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"],
  cue: "<|start_header_id|>assistant<|end_header_id|>\n\n",
  pictures: { after: "" },
  stop: ["<|eot_id|>"],
});

/**
 * llama-cpp-python's formats for models that see, with its strings. What its handlers lose or double is written once:
 * moondream's and llama-3-vision's system messages, and a text that is not in a list, which llava-1-5 asks twice.
 */
export const pictureFormats: Readonly<Record<(typeof pictureFormatNames)[number], ChatFormat>> = {
  "llava-1-5": picture({
    system: { at: "front", around: ["", ""], fallback: llavaSystem },
    user: ["\nUSER: ", ""],
    assistant: ["\nASSISTANT: ", ""],
    cue: "\nASSISTANT: ",
    pictures: { after: "" },
  }),
  "llava-1-6": picture({
    system: { at: "front", around: ["", ""], fallback: `${llavaSystem} ` },
    user: ["", ""],
    assistant: ["", ""],
    cue: "Answer:",
    pictures: { after: "\n" },
  }),
  moondream: picture({
    system: { at: "front", around: ["", "\n\n"] },
    user: ["", ""],
    assistant: ["Answer:", "\n\n"],
    cue: "Answer:",
    pictures: { after: "\n\n" },
    question: ["Question: ", "\n\n"],
  }),
  "minicpm-v": minicpm,
  "minicpm-v-2.6": minicpm,
  nanollava: picture({
    system: { at: "front", around: ["<|im_start|>system\n", "<|im_end|>"], fallback: "Answer the question" },
    user: ["<|im_start|>user\n", "<|im_end|>"],
    assistant: ["<|im_start|>assistant\n", "<|im_end|>"],
    cue: "<|im_start|>assistant\n",
    pictures: { after: "" },
    stop: ["<|im_end|>"],
  }),
  "llama-3-vision": llama3,
  "llama-3-vision-alpha": llama3,
  obsidian: picture({
    system: { at: "front", around: ["<|im_start|>system\n", "\n###\n"], fallback: llavaSystem },
    user: ["<|im_start|>user\n", "###\n"],
    assistant: ["<|im_start|>assistant\n", "###\n"],
    cue: "<|im_start|>assistant\n",
    pictures: { after: "" },
    stop: ["###"],
  }),
  "qwen2.5-vl": picture(chatmlTurns),
};

function picture({ stop = [], ...shape }: PictureFormat): ChatFormat {
  return {
    stop,
    write: (messages) => {
      const dialogue = createDialogue(messages);
      const turns = messages.map((message, i) => withPictures(message, dialogue[i], shape));
      return writeTurns(
        shape,
        turns.filter((turn) => turn !== undefined),
      );
    },
  };
}

/** A turn with its parts as the format has them: one behind the other, without line breaks of ours. */
function withPictures(
  { content }: ChatMessage,
  turn: Turn | undefined,
  { pictures, question = ["", ""] }: PictureFormat,
): Turn | undefined {
  if (turn?.role !== "user") return turn;
  const texts = content.filter((part) => !isMediaMark(part)).join("");
  const asked = texts === "" ? "" : question[0] + texts + question[1];
  if (pictures === undefined) return { ...turn, text: content.join("") };
  const shown = content.filter(isMediaMark).map((mark) => mark + pictures.after);
  return { ...turn, text: shown.join("") + asked };
}
