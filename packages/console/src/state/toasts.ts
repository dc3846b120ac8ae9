import { signal, type ReadonlySignal } from "@preact/signals";

/** A line that tells what happened. */
export interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
}

const shown = signal<readonly Toast[]>([]);
let last = 0;

/** Those that are shown now. */
export const toasts: ReadonlySignal<readonly Toast[]> = shown;

/** Tells what happened. Good news go by themselves after 6 seconds; bad ones stay until they are closed. */
export function tell(text: string, tone: Toast["tone"] = "good"): void {
  const toast = { id: ++last, tone, text };
  shown.value = [...shown.value.slice(-3), toast];
  if (tone === "good") setTimeout(() => dismiss(toast.id), 6000);
}

/** Takes one away. */
export function dismiss(id: number): void {
  shown.value = shown.value.filter((toast) => toast.id !== id);
}
