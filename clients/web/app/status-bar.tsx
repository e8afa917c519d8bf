import { t } from "../i18n/language.ts";
import { connectionState } from "../server/connection.ts";
import { isKeyDialogOpen } from "./key-dialog.tsx";

/** Says when the server does not answer, and nothing while it does. */
export function StatusBar() {
  const state = connectionState.value;
  return (
    <div role="status" class="status-bar" data-state={state} hidden={state === "online" || state === "connecting"}>
      {state === "offline" && t.value.offline}
      {state === "locked" && (
        <>
          <span>{t.value.locked}</span>{" "}
          <button type="button" class="link-button" onClick={() => (isKeyDialogOpen.value = true)}>
            {t.value.keyTitle}
          </button>
        </>
      )}
    </div>
  );
}
