import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../app/icon.tsx";
import { isComposing } from "../app/is-composing.ts";
import { t } from "../i18n/language.ts";
import { send } from "./chat-actions.ts";
import type { Conversation } from "./conversation.ts";
import { isGenerating, stopGenerating } from "./generate.ts";

/** Where messages are written. Enter sends, but not while an input method is composing; Escape stops the answer. */
export function Composer({ conversation }: { readonly conversation: Conversation | undefined }) {
  const text = useSignal("");
  const area = useRef<HTMLTextAreaElement>(null);
  const isBusy = conversation !== undefined && isGenerating(conversation.id);
  const canSend = !isBusy && text.value.trim() !== "";
  useEffect(() => area.current?.focus({ preventScroll: true }), [conversation?.id]);

  const submit = () => {
    if (!canSend) return;
    send(conversation, text.value);
    text.value = "";
  };
  const stop = () => {
    if (conversation !== undefined) stopGenerating(conversation.id);
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
    if (event.key === "Escape") stop();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={area}
        rows={1}
        aria-label={t.value.composerLabel}
        placeholder={t.value.composerHint}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {isBusy ? (
        <button type="button" class="round-button" aria-label={t.value.stop} title={t.value.stop} onClick={stop}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" class="round-button" aria-label={t.value.send} title={t.value.send} disabled={!canSend}>
          <Icon name="send" />
        </button>
      )}
    </form>
  );
}
