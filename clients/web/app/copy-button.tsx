import { useSignal } from "@preact/signals";
import { t } from "../i18n/language.ts";
import { Icon } from "./icon.tsx";

const confirmMs = 1_500;

/** Copies a text to the clipboard, and says so for a moment. */
export function CopyButton({ text }: { readonly text: string }) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await copyText(text);
    isCopied.value = true;
    setTimeout(() => (isCopied.value = false), confirmMs);
  };
  const label = isCopied.value ? t.value.copied : t.value.copy;
  return (
    <button type="button" class="icon-button" onClick={() => void copy()} aria-label={label} title={label}>
      <Icon name={isCopied.value ? "check" : "copy"} />
    </button>
  );
}

/** The clipboard's API is there on secure origins alone; a server in the house is none. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
