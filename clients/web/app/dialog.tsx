import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/language.ts";
import { Icon } from "./icon.tsx";

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  /** Also by Escape and by a click beside it. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** `drawer`: along the right edge, in full height. */
  readonly kind?: "box" | "drawer";
}

/** A modal dialog; the browser keeps the focus inside, and puts it back afterwards. */
export function Dialog({ title, isOpen, onClose, children, kind = "box" }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open === isOpen) return;
    if (isOpen) dialog.showModal();
    else dialog.close();
  }, [isOpen]);
  const closeFromBackdrop = (event: MouseEvent) => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog
      ref={element}
      class={kind}
      aria-label={isOpen ? title : undefined}
      onClose={onClose}
      onMouseDown={closeFromBackdrop}
    >
      {isOpen && (
        <div class="dialog-content">
          <header>
            <h2>{title}</h2>
            <button
              type="button"
              class="icon-button"
              aria-label={t.value.close}
              title={t.value.close}
              onClick={onClose}
            >
              <Icon name="close" />
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
