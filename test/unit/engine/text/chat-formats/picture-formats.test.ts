import { describe, expect, test } from "vitest";
import {
  pictureFormatNames,
  pictureFormats,
} from "../../../../../services/engine/text/chat-formats/picture-formats.ts";
import { MediaMarks, showParts } from "../../../../../services/engine/text/media/media-marks.ts";
import { chatMessage } from "../support.ts";

/** The prompt of a text and a picture behind it, an answer, and a second question, without and with a system message. */
const expected: Readonly<Record<(typeof pictureFormatNames)[number], { plain: string; system: string }>> = {
  "llava-1-5": {
    plain:
      "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions." +
      "\nUSER: <__media__>What?\nASSISTANT: A cat.\nUSER: Why?\nASSISTANT: ",
    system: "Look.\nUSER: <__media__>What?\nASSISTANT: A cat.\nUSER: Why?\nASSISTANT: ",
  },
  "llava-1-6": {
    plain:
      "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions. " +
      "<__media__>\nWhat?A cat.Why?Answer:",
    system: "Look.<__media__>\nWhat?A cat.Why?Answer:",
  },
  moondream: {
    plain: "<__media__>\n\nQuestion: What?\n\nAnswer:A cat.\n\nQuestion: Why?\n\nAnswer:",
    system: "Look.\n\n<__media__>\n\nQuestion: What?\n\nAnswer:A cat.\n\nQuestion: Why?\n\nAnswer:",
  },
  ...both(["minicpm-v", "minicpm-v-2.6"], {
    plain:
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n<__media__>What?<|im_end|>\n" +
      "<|im_start|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
    system:
      "<|im_start|>system\nLook.<|im_end|>\n<|im_start|>user\n<__media__>What?<|im_end|>\n" +
      "<|im_start|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
  }),
  nanollava: {
    plain:
      "<|im_start|>system\nAnswer the question<|im_end|><|im_start|>user\n<__media__>What?<|im_end|>" +
      "<|im_start|>assistant\nA cat.<|im_end|><|im_start|>user\nWhy?<|im_end|><|im_start|>assistant\n",
    system:
      "<|im_start|>system\nLook.<|im_end|><|im_start|>user\n<__media__>What?<|im_end|>" +
      "<|im_start|>assistant\nA cat.<|im_end|><|im_start|>user\nWhy?<|im_end|><|im_start|>assistant\n",
  },
  ...both(["llama-3-vision", "llama-3-vision-alpha"], {
    plain:
      "<|start_header_id|>user<|end_header_id|>\n\n<__media__>What?<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\nA cat.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    system:
      "<|start_header_id|>system<|end_header_id|>\n\nLook.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\n<__media__>What?<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\nA cat.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
  }),
  obsidian: {
    plain:
      "<|im_start|>system\nA chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions.\n###\n" +
      "<|im_start|>user\n<__media__>What?###\n<|im_start|>assistant\nA cat.###\n" +
      "<|im_start|>user\nWhy?###\n<|im_start|>assistant\n",
    system:
      "<|im_start|>system\nLook.\n###\n<|im_start|>user\n<__media__>What?###\n<|im_start|>assistant\nA cat.###\n" +
      "<|im_start|>user\nWhy?###\n<|im_start|>assistant\n",
  },
  // It alone leaves pictures where they are sent.
  "qwen2.5-vl": {
    plain:
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat?<__media__><|im_end|>\n" +
      "<|im_start|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
    system:
      "<|im_start|>system\nLook.<|im_end|>\n<|im_start|>user\nWhat?<__media__><|im_end|>\n" +
      "<|im_start|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
  },
};

function both<const N extends string, T>(names: readonly [N, N], prompts: T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, prompts])) as Record<N, T>;
}

describe.each(pictureFormatNames)("%s", (name) => {
  const marks = new MediaMarks();
  const mark = marks.mark({ kind: "image", data: Uint8Array.of(1), detail: "auto", param: "p" });
  const asked = chatMessage("user", "What?", mark);
  const turns = [asked, chatMessage("assistant", "A cat."), chatMessage("user", "Why?")];
  const write = (messages: typeof turns) => showParts(marks.split(pictureFormats[name].write(messages)));

  test("writes pictures where its models expect them", () => {
    expect(write(turns)).toBe(expected[name].plain);
    expect(write([chatMessage("system", "Look."), ...turns])).toBe(expected[name].system);
  });

  test("loses no picture and no text, whoever says them", () => {
    const messages = [
      asked,
      chatMessage("assistant", "one", "two"),
      chatMessage("user", mark),
      chatMessage("user", "three", "four"),
    ];
    const prompt = write(messages);
    for (const text of ["What?", "one", "two", "three", "four"]) expect(prompt).toContain(text);
    expect(prompt.split("<__media__>")).toHaveLength(3);
  });
});
