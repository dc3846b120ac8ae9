import type { VNode } from "preact";
import { tell } from "../state/toasts.ts";
import { Icon } from "./icons.tsx";

/** Takes a text to the clipboard. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }): VNode {
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      tell(`Copied ${what}.`);
    } catch {
      tell(`This browser does not let the page copy. Select ${what} and copy it by hand.`, "bad");
    }
  }
  return (
    <button type="button" class="quiet square" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name="copy" size={16} />
    </button>
  );
}
