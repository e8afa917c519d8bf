import { defaultSystems } from "./default-systems.ts";
import { createDialogue, type Turn } from "./dialogue.ts";
import { writeLlama2 } from "./llama-2.ts";
import { pictureFormatNames, pictureFormats } from "./picture-formats.ts";
import { writeTurns, type Around, type ChatFormat, type SystemBlock, type TurnFormat } from "./turn-format.ts";

export const chatFormatNames = [
  "llama-2",
  "llama-3",
  "alpaca",
  "qwen",
  "vicuna",
  "oasst_llama",
  "baichuan-2",
  "baichuan",
  "openbuddy",
  "redpajama-incite",
  "snoozy",
  "phind",
  "intel",
  "open-orca",
  "mistrallite",
  "zephyr",
  "pygmalion",
  "chatml",
  "mistral-instruct",
  "chatglm3",
  "openchat",
  "saiga",
  "gemma",
  ...pictureFormatNames,
] as const;
export type ChatFormatName = (typeof chatFormatNames)[number];

export function isChatFormatName(name: string): name is ChatFormatName {
  return (chatFormatNames as readonly string[]).includes(name);
}

/**
 * The named chat formats of llama-cpp-python, with its strings. The prompts differ from its own only where it loses or
 * doubles something: system messages that it ignores are written (vicuna, openbuddy, phind, intel, snoozy's heading,
 * mistral-instruct, gemma), and the messages that it drops (all of open-orca's, saiga's assistant); an absent system
 * message leaves no empty block behind (chatml, zephyr, pygmalion, chatglm3, mistrallite, oasst_llama, openchat); alpaca
 * ends with its cue; intel, openchat and zephyr follow their model cards where a colon, an end of turn, a line break
 * were written twice; the BOS stands at the front once.
 */
export const chatFormats: Readonly<Record<ChatFormatName, ChatFormat>> = {
  "llama-2": format(writeLlama2),
  "llama-3": turns({
    system: { at: "in-place", around: ["<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"] },
    user: ["<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"],
    assistant: ["<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"],
    cue: "<|start_header_id|>assistant<|end_header_id|>\n\n",
    stop: ["<|eot_id|>"],
  }),
  alpaca: turns({
    system: front(["", "\n\n"], { missing: "\n\n" }),
    user: ["### Instruction: ", "\n\n"],
    assistant: ["### Response: ", "</s>"],
    cue: "### Response:",
  }),
  qwen: turns({
    system: front(["<|im_start|>system\n", "<|im_end|>\n"], { fallback: defaultSystems.qwen }),
    user: ["<|im_start|>user\n", "<|im_end|>\n"],
    assistant: ["<|im_start|>assistant\n", "<|im_end|>\n"],
    cue: "<|im_start|>assistant\n",
    stop: ["<|im_end|>", "<|endoftext|>"],
  }),
  vicuna: turns({
    system: front(["", " "], { fallback: defaultSystems.vicuna }),
    user: ["USER: ", " "],
    assistant: ["ASSISTANT: ", "</s>"],
    cue: "ASSISTANT:",
  }),
  oasst_llama: turns({
    system: front(["[INST] <<SYS>>\n", "\n<</SYS>>\n\n"]),
    user: ["<|prompter|>", "</s>"],
    assistant: ["<|assistant|>", "</s>"],
    cue: "<|assistant|>",
  }),
  "baichuan-2": turns({
    system: front(["", ""]),
    user: ["<reserved_106>", ""],
    assistant: ["<reserved_107>", ""],
    cue: "<reserved_107>",
  }),
  baichuan: turns({
    system: front(["", ""]),
    user: ["<reserved_102>", ""],
    assistant: ["<reserved_103>", ""],
    cue: "<reserved_103>",
  }),
  openbuddy: turns({
    system: front(["", "\n\n\n"], { fallback: defaultSystems.openbuddy }),
    user: ["User: ", "\n"],
    assistant: ["Assistant: ", "\n"],
    cue: "Assistant:",
  }),
  "redpajama-incite": turns({
    system: front(["", "\n"], { missing: "\n" }),
    user: ["<human>: ", "\n"],
    assistant: ["<bot>: ", "\n"],
    cue: "<bot>:",
    stop: ["<human>"],
  }),
  snoozy: turns({
    system: front(["### Instruction:\n", "\n"], { fallback: defaultSystems.snoozy }),
    user: ["### Prompt: ", "\n"],
    assistant: ["### Response: ", "\n"],
    cue: "### Response:",
    stop: ["###"],
  }),
  phind: turns({
    system: front(["### System Prompt\n", "\n\n"], { fallback: defaultSystems.phind }),
    user: ["### User Message: ", "\n\n"],
    assistant: ["### Assistant: ", "\n\n"],
    cue: "### Assistant:",
  }),
  intel: turns({
    system: front(["### System:\n", "\n"]),
    user: ["### User:\n", "\n"],
    assistant: ["### Assistant:\n", "\n"],
    cue: "### Assistant:\n",
  }),
  "open-orca": turns({
    system: front(["", "<|end_of_turn|>\n"], { fallback: defaultSystems.openOrca }),
    user: ["User: ", "<|end_of_turn|>\n"],
    assistant: ["Assistant: ", "<|end_of_turn|>\n"],
    cue: "Assistant: ",
    stop: ["User"],
  }),
  mistrallite: turns({
    system: front(["<|system|>", "</s>"]),
    user: ["<|prompter|>", " "],
    assistant: ["</s>\n<|assistant|>", " "],
    cue: "</s>\n<|assistant|>",
  }),
  zephyr: turns({
    system: front(["<|system|>\n", "</s>\n"]),
    user: ["<|user|>\n", "</s>\n"],
    assistant: ["<|assistant|>\n", "</s>\n"],
    cue: "<|assistant|>\n",
    stop: ["</s>"],
  }),
  pygmalion: turns({
    system: front(["<|system|>", "\n\n"]),
    user: ["<|user|>\n", "\n\n"],
    assistant: ["<|model|>\n", "\n\n"],
    cue: "<|model|>\n",
    stop: ["\n"],
  }),
  chatml: turns({
    system: front(["<|im_start|>system\n", "<|im_end|>\n"]),
    user: ["<|im_start|>user\n", "<|im_end|>\n"],
    assistant: ["<|im_start|>assistant\n", "<|im_end|>\n"],
    cue: "<|im_start|>assistant\n",
    stop: ["<|im_end|>"],
  }),
  "mistral-instruct": turns({
    system: { at: "first-user" },
    user: ["[INST] ", ""],
    assistant: [" [/INST]", "</s>"],
    cue: " [/INST]",
    stop: ["</s>"],
  }),
  chatglm3: turns({
    system: front(["<|system|>\n", ""]),
    user: ["<|user|>\n ", ""],
    assistant: ["<|assistant|>\n ", ""],
    cue: "<|assistant|>",
    stop: ["</s>"],
  }),
  openchat: turns({
    system: front(["", "<|end_of_turn|>"]),
    user: ["GPT4 Correct User: ", "<|end_of_turn|>"],
    assistant: ["GPT4 Correct Assistant: ", "<|end_of_turn|>"],
    cue: "GPT4 Correct Assistant:",
    stop: ["<|end_of_turn|>"],
  }),
  // Every turn begins with BOS; the first one's is left to the tokenizer.
  saiga: format((dialogue) =>
    writeTurns(
      {
        system: { at: "in-place", around: ["<s>system\n", "</s>"] },
        user: ["<s>user\n", "</s>"],
        assistant: ["<s>bot\n", "</s>"],
        cue: "<s>bot",
      },
      dialogue,
    ).slice("<s>".length),
  ),
  gemma: turns({
    system: { at: "first-user" },
    user: ["<start_of_turn>user\n", "<end_of_turn>\n"],
    assistant: ["<start_of_turn>model\n", "<end_of_turn>\n"],
    cue: "<start_of_turn>model\n",
    stop: ["<end_of_turn>"],
  }),
  ...pictureFormats,
};

function turns({ stop = [], ...shape }: TurnFormat & { readonly stop?: readonly string[] }): ChatFormat {
  return format((dialogue) => writeTurns(shape, dialogue), stop);
}

function format(write: (dialogue: readonly Turn[]) => string, stop: readonly string[] = []): ChatFormat {
  return { stop, write: (messages) => write(createDialogue(messages)) };
}

function front(around: Around, options: { fallback?: string; missing?: string } = {}): SystemBlock {
  return { at: "front", around, ...options };
}
