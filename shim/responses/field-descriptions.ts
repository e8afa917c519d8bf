/** What fields of Responses mean, where their names mean something else elsewhere or nothing. */
export const fieldDescriptions: Readonly<Record<string, string>> = {
  input: "A user's text, or items: messages, calls and their outputs, reasoning, references.",
  instructions: "The system prompt of this response alone; those of earlier ones are not carried over.",
  previous_response_id: "A stored response to go on from.",
  store: "Keep the response, so that another can go on from it; true where the server keeps any.",
  background: "Answer at once with the queued response, which is then polled or streamed.",
  include: "reasoning.encrypted_content, message.output_text.logprobs; what is of hosted tools adds nothing.",
  max_output_tokens: "Maximum number of output tokens, reasoning included.",
  max_tool_calls: "Maximum number of calls of hosted tools.",
  top_logprobs: "Number of most likely tokens to report with each token of the text.",
  reasoning:
    "effort: none turns reasoning off, other values are passed to templates that know efforts; summary: auto or detailed.",
  text: "format: text, json_object or json_schema; verbosity: passed to templates that know it.",
  tools: "Functions, custom tools, local_shell and namespaces that the model may call.",
  tool_choice: "auto, none, required, a tool by its name, or allowed_tools.",
  truncation: "auto: the oldest turns are left out where the whole does not fit.",
  stream_options: "include_obfuscation.",
  stop: "Up to 128 texts that end the output; they are not part of it.",
};
