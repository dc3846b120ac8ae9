import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

/** What a dialog is made of. */
export interface DialogProps {
  readonly title: string;
  /** Esc, the cross, or "Cancel". */
  readonly onClose: () => void;
  readonly danger?: boolean;
  readonly children: ComponentChildren;
}

/** A dialog over the page; the rest cannot be used meanwhile. Where the focus was, it is again afterwards. */
export function Dialog({ title, onClose, danger = false, children }: DialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={danger ? "dialog danger" : "dialog"}
      aria-labelledby={titleId}
      onCancel={(cancel) => {
        cancel.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
