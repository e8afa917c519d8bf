import { useSignal } from "@preact/signals";
import { Icon } from "../app/icon.tsx";
import { t } from "../i18n/language.ts";
import { sendToolResults } from "./chat-actions.ts";
import type { AssistantMessage, ToolCall } from "./conversation.ts";
import { isGenerating } from "./generate.ts";
import type { MessageProps } from "./message-view.tsx";

/** The calls of an answer; at the end of a conversation also where their results are entered. */
export function ToolCallsView({ conversation, message }: MessageProps<AssistantMessage>) {
  const { toolCalls, state } = message;
  const results = useSignal<readonly string[]>([]);
  if (toolCalls.length === 0) return null;
  const isOpen = conversation.leaf === message.id && state.kind === "finished" && !isGenerating(conversation.id);
  const submit = (event: Event) => {
    event.preventDefault();
    sendToolResults(conversation, message, results.value);
  };
  return (
    <form class="tool-calls" onSubmit={submit}>
      {toolCalls.map((call, index) => (
        <div key={call.id} class="tool-call">
          <h3>
            <Icon name="wrench" />
            {t.value.toolCall(call.name)}
          </h3>
          <pre tabIndex={0} aria-label={t.value.toolArguments}>
            {prettyArguments(call)}
          </pre>
          {isOpen && (
            <label class="field">
              <span>{t.value.toolResult}</span>
              <textarea
                rows={2}
                placeholder={t.value.toolResultHint}
                value={results.value[index] ?? ""}
                onInput={({ currentTarget }) => {
                  const changed = [...results.value];
                  changed[index] = currentTarget.value;
                  results.value = changed;
                }}
              />
            </label>
          )}
        </div>
      ))}
      {isOpen && (
        <div class="dialog-buttons">
          <button type="submit" class="primary">
            {t.value.toolResultSend}
          </button>
        </div>
      )}
    </form>
  );
}

/** Indented once they are whole; as they come until then. */
function prettyArguments({ arguments: text }: ToolCall): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
