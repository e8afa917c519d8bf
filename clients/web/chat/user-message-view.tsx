import { useSignal } from "@preact/signals";
import { CopyButton } from "../app/copy-button.tsx";
import { Icon } from "../app/icon.tsx";
import { isComposing } from "../app/is-composing.ts";
import { t } from "../i18n/language.ts";
import { sendEdited } from "./chat-actions.ts";
import type { UserMessage } from "./conversation.ts";
import { isGenerating } from "./generate.ts";
import type { MessageProps } from "./message-view.tsx";
import { PictureList } from "./picture-list.tsx";
import { VersionSwitch } from "./version-switch.tsx";

/** What the reader said, to be copied and edited. */
export function UserMessageView({ conversation, message }: MessageProps<UserMessage>) {
  const { pictures = [] } = message;
  const edited = useSignal<string | undefined>(undefined);
  if (edited.value !== undefined) {
    const submit = (event: Event) => {
      event.preventDefault();
      const text = edited.value ?? "";
      if (text.trim() === "" && pictures.length === 0) return;
      edited.value = undefined;
      sendEdited(conversation, message, text);
    };
    return (
      <li class="message user-message">
        <form class="message-edit" onSubmit={submit}>
          <textarea
            aria-label={t.value.composerLabel}
            value={edited.value}
            ref={(area) => area?.focus()}
            onInput={({ currentTarget }) => (edited.value = currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") edited.value = undefined;
              if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) submit(event);
            }}
          />
          <div class="dialog-buttons">
            <button type="button" onClick={() => (edited.value = undefined)}>
              {t.value.cancel}
            </button>
            <button type="submit" class="primary">
              {t.value.save}
            </button>
          </div>
        </form>
      </li>
    );
  }
  return (
    <li class="message user-message">
      <h2 class="visually-hidden">{t.value.you}</h2>
      <PictureList pictures={pictures} />
      {message.text !== "" && <div class="user-text">{message.text}</div>}
      <div class="message-tools">
        <VersionSwitch conversation={conversation} message={message} />
        <CopyButton text={message.text} />
        <button
          type="button"
          class="icon-button"
          aria-label={t.value.edit}
          title={t.value.edit}
          disabled={isGenerating(conversation.id)}
          onClick={() => (edited.value = message.text)}
        >
          <Icon name="edit" />
        </button>
      </div>
    </li>
  );
}
