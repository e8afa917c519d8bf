/** What Anthropic's fields mean, where their names mean something else elsewhere or nothing. */
export const fieldDescriptions: Readonly<Record<string, string>> = {
  messages: "The conversation so far; an assistant's message at the end is continued.",
  system: "The system prompt, as text or blocks. Claude Code's billing header in it is left out.",
  tools: "Tools that the model may call, each with name and input_schema.",
  tool_choice: "auto, any, tool (by name) or none; disable_parallel_tool_use: one call at most.",
  thinking: "enabled with budget_tokens, adaptive, or disabled (the default); display: omitted hides it.",
  output_config: "effort: passed to templates that know efforts; format: JSON that follows a schema.",
  context_management: "clear_thinking_20251015: old turns lose their thinking.",
  max_tokens: "Maximum number of tokens of the answer, thinking included.",
  stop_sequences: "Up to 128 texts that end the answer; stop_sequence says which one did.",
  temperature: "0 always picks the most likely token.",
  top_k: "Sample from this many of the most likely tokens; 0 turns it off.",
  service_tier: "There is only one tier; both values mean it.",
};
