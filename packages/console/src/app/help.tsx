import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { Dialog } from "../parts/dialog.tsx";
import { keep, kept } from "../state/kept.ts";
import { shortcutTable } from "./shortcuts.ts";

const on = signal(kept("shortcuts") !== "off");

/** Whether single keys do something (WCAG 2.2, 2.1.4: they can be turned off). */
export function shortcutsOn(): boolean {
  return on.value;
}

/** What the keys do. */
export function Help({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="dialog-body">
        <table class="keys">
          <caption class="unseen-text">Keys and what they do</caption>
          <tbody>
            {shortcutTable.map(([keys, what]) => (
              <tr key={what}>
                <th scope="row">
                  {keys.map((key, i) => (
                    <span key={key}>
                      {i > 0 && <span class="soft"> then </span>}
                      <kbd>{key}</kbd>
                    </span>
                  ))}
                </th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <label class="check">
          <input
            type="checkbox"
            checked={on.value}
            onChange={(change) => {
              on.value = change.currentTarget.checked;
              keep("shortcuts", on.value ? undefined : "off");
            }}
          />
          Single keys do something
        </label>
      </div>
    </Dialog>
  );
}
