import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { GivenUp, asked, toldOf } from "../state/proof.ts";
import { Dialog } from "./dialog.tsx";
import { Notice } from "./notice.tsx";

/** An act that is asked about before it is done. */
export interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** On the button: what it does. */
  readonly does: string;
  /** Done once the server wants no more proof. */
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  readonly danger?: boolean;
}

/** Asks, does it, and closes; or stays and says why not. */
export function Confirm({ title, children, does, act, onClose, danger = true }: ConfirmProps): VNode {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  async function go(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    try {
      await asked(act);
      onClose();
    } catch (error) {
      problem.value = error instanceof GivenUp ? "It was not done: the key was not given." : toldOf(error);
    } finally {
      busy.value = false;
    }
  }
  return (
    <Dialog title={title} onClose={onClose} danger={danger}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          void go();
        }}
      >
        <div class="dialog-body">
          {children}
          {problem.value !== undefined && <Notice tone="bad">{problem.value}</Notice>}
        </div>
        <footer class="dialog-foot">
          <button type="button" autofocus onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger ? "danger" : "primary"} aria-disabled={busy.value}>
            {busy.value ? "Working …" : does}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
