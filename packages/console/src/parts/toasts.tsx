import type { VNode } from "preact";
import { dismiss, toasts } from "../state/toasts.ts";
import { Icon } from "./icons.tsx";

/** What happened lately. The region is always there: what appears in it is read aloud. */
export function Toasts(): VNode {
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="What happened">
      {toasts.value.map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone} />
          <span class="grow">{text}</span>
          <button type="button" class="quiet square" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
