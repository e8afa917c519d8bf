import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../app/icon.tsx";
import { isComposing } from "../app/is-composing.ts";
import { t } from "../i18n/language.ts";
import { send } from "./chat-actions.ts";
import type { Conversation } from "./conversation.ts";
import { isGenerating, stopGenerating } from "./generate.ts";
import { PictureList } from "./picture-list.tsx";
import { modelSees, picturesOf, pictureTypes, readPictures } from "./pictures.ts";

/** Where messages are written. Enter sends, but not while an input method is composing; Escape stops the answer.
 * Pictures are chosen, pasted or dropped, where the model sees. */
export function Composer({ conversation }: { readonly conversation: Conversation | undefined }) {
  const text = useSignal("");
  const area = useRef<HTMLTextAreaElement>(null);
  const pictures = useSignal<readonly string[]>([]);
  const chooser = useRef<HTMLInputElement>(null);
  const sees = modelSees(conversation);
  const isBusy = conversation !== undefined && isGenerating(conversation.id);
  const canSend = !isBusy && (text.value.trim() !== "" || pictures.value.length > 0);
  useEffect(() => area.current?.focus({ preventScroll: true }), [conversation?.id]);

  const submit = () => {
    if (!canSend) return;
    send(conversation, text.value, pictures.value);
    text.value = "";
    pictures.value = [];
  };
  const attach = async (files: FileList | null | undefined) => {
    const added = await readPictures(files);
    pictures.value = [...pictures.value, ...added];
    area.current?.focus();
  };
  /** Takes the pictures that are pasted or dropped, and leaves all else to the field. */
  const take = (event: Event, data: DataTransfer | null) => {
    if (!sees || picturesOf(data?.files).length === 0) return;
    event.preventDefault();
    void attach(data?.files);
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
      data-sees={sees}
      onDragOver={(event) => sees && event.preventDefault()}
      onDrop={(event) => take(event, event.dataTransfer)}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <PictureList
        pictures={pictures.value}
        onRemove={(index) => (pictures.value = pictures.value.filter((_, at) => at !== index))}
      />
      {sees && (
        <>
          <button
            type="button"
            class="icon-button"
            aria-label={t.value.attachPictures}
            title={t.value.attachPictures}
            onClick={() => chooser.current?.click()}
          >
            <Icon name="picture" />
          </button>
          <input
            ref={chooser}
            type="file"
            hidden
            multiple
            accept={pictureTypes.join(",")}
            aria-label={t.value.attachPictures}
            onChange={({ currentTarget }) => {
              void attach(currentTarget.files).then(() => (currentTarget.value = ""));
            }}
          />
        </>
      )}
      <textarea
        ref={area}
        rows={1}
        aria-label={t.value.composerLabel}
        placeholder={t.value.composerHint}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={(event) => take(event, event.clipboardData)}
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
