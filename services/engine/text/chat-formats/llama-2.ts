import { splitSystem, type Turn } from "./dialogue.ts";

/**
 * The system block stands inside the first user turn. The blanks are those that llama-cpp-python writes, which differ
 * from Meta's by a few: who switches from it gets the same tokens.
 */
export function writeLlama2(dialogue: readonly Turn[]): string {
  const { system, turns } = splitSystem(dialogue);
  let prompt = "";
  turns.forEach(({ role, text }, i) => {
    if (i === 0 && system !== "") prompt += `[INST] <<SYS>>\n${system}\n<</SYS>> ${text} `;
    else if (role === "user") prompt += `${i === 0 ? "" : "<s>"}[INST]${text}  `;
    else prompt += `[/INST]${text} </s>`;
  });
  if (turns.length === 0) prompt = `[INST] <<SYS>>\n${system}\n<</SYS>> `;
  return `${prompt}[/INST]`;
}
