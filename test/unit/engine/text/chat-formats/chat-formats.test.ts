import { describe, expect, test } from "vitest";
import {
  chatFormatNames,
  chatFormats,
  isChatFormatName,
  type ChatFormatName,
} from "../../../../../services/engine/text/chat-formats/chat-formats.ts";
import type { pictureFormatNames } from "../../../../../services/engine/text/chat-formats/picture-formats.ts";
import { chatMessage } from "../support.ts";

/** Those for pictures have a test of their own. */
type TextFormatName = Exclude<ChatFormatName, (typeof pictureFormatNames)[number]>;

const system = chatMessage("system", "Be brief.");
const user = chatMessage("user", "Hi");
const turns = [user, chatMessage("assistant", "Hello!"), chatMessage("user", "Bye")];

/** Each format's prompts, written out by hand: one user message, with a system message, and two rounds with one. */
const expected: Readonly<Record<TextFormatName, { stop: string[]; user: string; system: string; rounds: string }>> = {
  "llama-2": {
    stop: [],
    user: "[INST]Hi  [/INST]",
    system: "[INST] <<SYS>>\nBe brief.\n<</SYS>> Hi [/INST]",
    rounds: "[INST] <<SYS>>\nBe brief.\n<</SYS>> Hi [/INST]Hello! </s><s>[INST]Bye  [/INST]",
  },
  "llama-3": {
    stop: ["<|eot_id|>"],
    user: "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    system:
      "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    rounds:
      "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
  },
  alpaca: {
    stop: [],
    user: "\n\n### Instruction: Hi\n\n### Response:",
    system: "Be brief.\n\n### Instruction: Hi\n\n### Response:",
    rounds: "Be brief.\n\n### Instruction: Hi\n\n### Response: Hello!</s>### Instruction: Bye\n\n### Response:",
  },
  qwen: {
    stop: ["<|im_end|>", "<|endoftext|>"],
    user:
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" +
      "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    system: "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    rounds:
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" +
      "<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
  },
  vicuna: {
    stop: [],
    user:
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, " +
      "and polite answers to the user's questions. USER: Hi ASSISTANT:",
    system: "Be brief. USER: Hi ASSISTANT:",
    rounds: "Be brief. USER: Hi ASSISTANT: Hello!</s>USER: Bye ASSISTANT:",
  },
  oasst_llama: {
    stop: [],
    user: "<|prompter|>Hi</s><|assistant|>",
    system: "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n<|prompter|>Hi</s><|assistant|>",
    rounds:
      "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n<|prompter|>Hi</s><|assistant|>Hello!</s><|prompter|>Bye</s><|assistant|>",
  },
  "baichuan-2": {
    stop: [],
    user: "<reserved_106>Hi<reserved_107>",
    system: "Be brief.<reserved_106>Hi<reserved_107>",
    rounds: "Be brief.<reserved_106>Hi<reserved_107>Hello!<reserved_106>Bye<reserved_107>",
  },
  baichuan: {
    stop: [],
    user: "<reserved_102>Hi<reserved_103>",
    system: "Be brief.<reserved_102>Hi<reserved_103>",
    rounds: "Be brief.<reserved_102>Hi<reserved_103>Hello!<reserved_102>Bye<reserved_103>",
  },
  openbuddy: {
    stop: [],
    user: `You are a helpful, respectful and honest INTP-T AI Assistant named Buddy. You are talking to a human User.
Always answer as helpfully and logically as possible, while being safe. Your answers should not include any harmful, political, religious, unethical, racist, sexist, toxic, dangerous, or illegal content. Please ensure that your responses are socially unbiased and positive in nature.
If a question does not make any sense, or is not factually coherent, explain why instead of answering something not correct. If you don't know the answer to a question, please don't share false information.
You can speak fluently in many languages, for example: English, Chinese.
You cannot access the internet, but you have vast knowledge, cutoff: 2021-09.
You are trained by OpenBuddy team, (https://openbuddy.ai, https://github.com/OpenBuddy/OpenBuddy), you are based on LLaMA and Falcon transformers model, not related to GPT or OpenAI.


User: Hi
Assistant:`,
    system: "Be brief.\n\n\nUser: Hi\nAssistant:",
    rounds: "Be brief.\n\n\nUser: Hi\nAssistant: Hello!\nUser: Bye\nAssistant:",
  },
  "redpajama-incite": {
    stop: ["<human>"],
    user: "\n<human>: Hi\n<bot>:",
    system: "Be brief.\n<human>: Hi\n<bot>:",
    rounds: "Be brief.\n<human>: Hi\n<bot>: Hello!\n<human>: Bye\n<bot>:",
  },
  snoozy: {
    stop: ["###"],
    user:
      "### Instruction:\nThe prompt below is a question to answer, a task to complete, or a conversation to respond " +
      "to; decide which and write an appropriate response.\n### Prompt: Hi\n### Response:",
    system: "### Instruction:\nBe brief.\n### Prompt: Hi\n### Response:",
    rounds: "### Instruction:\nBe brief.\n### Prompt: Hi\n### Response: Hello!\n### Prompt: Bye\n### Response:",
  },
  phind: {
    stop: [],
    user: "### System Prompt\nYou are an intelligent programming assistant.\n\n### User Message: Hi\n\n### Assistant:",
    system: "### System Prompt\nBe brief.\n\n### User Message: Hi\n\n### Assistant:",
    rounds:
      "### System Prompt\nBe brief.\n\n### User Message: Hi\n\n### Assistant: Hello!\n\n" +
      "### User Message: Bye\n\n### Assistant:",
  },
  intel: {
    stop: [],
    user: "### User:\nHi\n### Assistant:\n",
    system: "### System:\nBe brief.\n### User:\nHi\n### Assistant:\n",
    rounds: "### System:\nBe brief.\n### User:\nHi\n### Assistant:\nHello!\n### User:\nBye\n### Assistant:\n",
  },
  "open-orca": {
    stop: ["User"],
    user:
      "You are a helpful assistant. Please answer truthfully and write out your thinking step by step to be sure you " +
      "get the right answer. If you make a mistake or encounter an error in your thinking, say so out loud and " +
      "attempt to correct it. If you don't know or aren't sure about something, say so clearly. You will act as a " +
      "professional logician, mathematician, and physicist. You will also act as the most appropriate type of expert " +
      "to answer any particular question or solve the relevant problem; state which expert type your are, if so. " +
      "Also think of any particular named expert that would be ideal to answer the relevant question or solve the " +
      "relevant problem; name and act as them, if appropriate.<|end_of_turn|>\nUser: Hi<|end_of_turn|>\nAssistant: ",
    system: "Be brief.<|end_of_turn|>\nUser: Hi<|end_of_turn|>\nAssistant: ",
    rounds:
      "Be brief.<|end_of_turn|>\nUser: Hi<|end_of_turn|>\nAssistant: Hello!<|end_of_turn|>\n" +
      "User: Bye<|end_of_turn|>\nAssistant: ",
  },
  mistrallite: {
    stop: [],
    user: "<|prompter|>Hi </s>\n<|assistant|>",
    system: "<|system|>Be brief.</s><|prompter|>Hi </s>\n<|assistant|>",
    rounds: "<|system|>Be brief.</s><|prompter|>Hi </s>\n<|assistant|>Hello! <|prompter|>Bye </s>\n<|assistant|>",
  },
  zephyr: {
    stop: ["</s>"],
    user: "<|user|>\nHi</s>\n<|assistant|>\n",
    system: "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\n",
    rounds:
      "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye</s>\n<|assistant|>\n",
  },
  pygmalion: {
    stop: ["\n"],
    user: "<|user|>\nHi\n\n<|model|>\n",
    system: "<|system|>Be brief.\n\n<|user|>\nHi\n\n<|model|>\n",
    rounds: "<|system|>Be brief.\n\n<|user|>\nHi\n\n<|model|>\nHello!\n\n<|user|>\nBye\n\n<|model|>\n",
  },
  chatml: {
    stop: ["<|im_end|>"],
    user: "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    system: "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    rounds:
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" +
      "<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
  },
  "mistral-instruct": {
    stop: ["</s>"],
    user: "[INST] Hi [/INST]",
    system: "[INST] Be brief.\n\nHi [/INST]",
    rounds: "[INST] Be brief.\n\nHi [/INST]Hello!</s>[INST] Bye [/INST]",
  },
  chatglm3: {
    stop: ["</s>"],
    user: "<|user|>\n Hi<|assistant|>",
    system: "<|system|>\nBe brief.<|user|>\n Hi<|assistant|>",
    rounds: "<|system|>\nBe brief.<|user|>\n Hi<|assistant|>\n Hello!<|user|>\n Bye<|assistant|>",
  },
  openchat: {
    stop: ["<|end_of_turn|>"],
    user: "GPT4 Correct User: Hi<|end_of_turn|>GPT4 Correct Assistant:",
    system: "Be brief.<|end_of_turn|>GPT4 Correct User: Hi<|end_of_turn|>GPT4 Correct Assistant:",
    rounds:
      "Be brief.<|end_of_turn|>GPT4 Correct User: Hi<|end_of_turn|>GPT4 Correct Assistant: Hello!<|end_of_turn|>" +
      "GPT4 Correct User: Bye<|end_of_turn|>GPT4 Correct Assistant:",
  },
  saiga: {
    stop: [],
    user: "user\nHi</s><s>bot",
    system: "system\nBe brief.</s><s>user\nHi</s><s>bot",
    rounds: "system\nBe brief.</s><s>user\nHi</s><s>bot\nHello!</s><s>user\nBye</s><s>bot",
  },
  gemma: {
    stop: ["<end_of_turn>"],
    user: "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
    system: "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n",
    rounds:
      "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n" +
      "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n",
  },
};

describe.each(Object.keys(expected) as TextFormatName[])("%s", (name) => {
  const format = chatFormats[name];

  test("writes one user message", () => {
    expect(format.write([user])).toBe(expected[name].user);
  });

  test("writes a system message", () => {
    expect(format.write([system, user])).toBe(expected[name].system);
    expect(format.write([chatMessage("developer", "Be brief."), user])).toBe(expected[name].system);
  });

  test("writes two rounds", () => {
    expect(format.write([system, ...turns])).toBe(expected[name].rounds);
  });

  test("has its stop texts", () => {
    expect(format.stop).toEqual(expected[name].stop);
  });

  test("loses no message, in whatever order they come", () => {
    const texts = ["one", "two", "three", "four", "five", "six"];
    const roles = ["assistant", "user", "user", "system", "assistant", "system"] as const;
    const prompt = format.write(roles.map((role, i) => chatMessage(role, texts[i] ?? "")));
    for (const text of texts) expect(prompt).toContain(text);
  });

  test("writes a system message that stands alone", () => {
    expect(format.write([system])).toContain("Be brief.");
  });
});

test("joins the parts of a message with line breaks, and several system messages with blank lines", () => {
  const messages = [system, chatMessage("user", "a", "b"), chatMessage("system", "Be kind.")];
  expect(chatFormats.vicuna.write(messages)).toBe("Be brief.\n\nBe kind. USER: a\nb ASSISTANT:");
});

test("leaves a system message of llama-3 where it stands", () => {
  expect(chatFormats["llama-3"].write([user, system])).toBe(
    "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>" +
      "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\n",
  );
});

test("knows the names of its formats", () => {
  expect(chatFormatNames).toHaveLength(33);
  expect(isChatFormatName("vicuna")).toBe(true);
  expect(isChatFormatName("toString")).toBe(false);
});
