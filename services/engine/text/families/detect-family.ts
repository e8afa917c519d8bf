import type { ChatFamily } from "./chat-family.ts";
import { generic } from "./generic.ts";
import { hermes } from "./hermes.ts";
import type { ThinkingTags } from "./read-thinking.ts";

/** The first whose marks are all in the template's source, in this order: later marks also occur in others' templates. */
const families: readonly { readonly family: ChatFamily; readonly marks: readonly string[] }[] = [
  { family: hermes, marks: ["<tool_call>"] },
];

/** Tells by a chat template's source how its models write calls; `generic` when it has none of the known marks. */
export function detectFamily(templateSource: string): ChatFamily {
  return families.find(({ marks }) => marks.every((mark) => templateSource.includes(mark)))?.family ?? generic;
}

const thinkingTags: readonly ThinkingTags[] = [{ start: "<think>", end: "</think>" }];

/** The tags around reasoning that a chat template knows; undefined: none. */
export function detectThinking(templateSource: string): ThinkingTags | undefined {
  return thinkingTags.find(({ end }) => templateSource.includes(end));
}
