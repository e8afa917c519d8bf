import { effect, signal, useSignal } from "@preact/signals";
import { t } from "../i18n/language.ts";
import { connectionState, hasKey, isSendableKey, useKey } from "../server/connection.ts";
import { Dialog } from "./dialog.tsx";

export const isKeyDialogOpen = signal(false);

// Once when the server says that it wants a key, and away when it takes one.
effect(() => {
  if (connectionState.value === "locked") isKeyDialogOpen.value = true;
  if (connectionState.value === "online") isKeyDialogOpen.value = false;
});

/** Asks for the server's key. */
export function KeyDialog() {
  const text = useSignal("");
  const isUnsendable = useSignal(false);
  const problem = isUnsendable.value ? t.value.keyUnsendable : wrongKey();
  const submit = (event: Event) => {
    event.preventDefault();
    const key = text.value.trim();
    isUnsendable.value = !isSendableKey(key);
    if (isUnsendable.value) return;
    connectionState.value = "connecting";
    useKey(key);
  };
  const forget = () => {
    text.value = "";
    useKey("");
  };
  return (
    <Dialog title={t.value.keyTitle} isOpen={isKeyDialogOpen.value} onClose={() => (isKeyDialogOpen.value = false)}>
      <form onSubmit={submit}>
        <p>{t.value.keyAbout}</p>
        <label class="field">
          <span>{t.value.keyLabel}</span>
          <input
            type="password"
            autocomplete="current-password"
            required
            value={text.value}
            aria-invalid={problem !== undefined}
            aria-describedby="key-problem"
            onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          />
        </label>
        <p id="key-problem" class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-buttons">
          {hasKey.value && (
            <button type="button" onClick={forget}>
              {t.value.keyForget}
            </button>
          )}
          <button type="submit" class="primary">
            {t.value.keyUse}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function wrongKey(): string | undefined {
  return hasKey.value && connectionState.value === "locked" ? t.value.keyWrong : undefined;
}
