import { go, route } from "../state/router.ts";
import { shortcutsOn } from "./help.tsx";
import { press, type Command, type Pending } from "./shortcuts.ts";

type Handler = (command: Command) => void;
const handlers = new Set<Handler>();

/** Hears commands until the answer is called. */
export function onCommand(handler: Handler): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

/** Listens to the keyboard of the whole page. */
export function listenToKeys(): void {
  let pending: Pending | undefined;
  addEventListener("keydown", (pressed) => {
    if (!shortcutsOn() || pressed.defaultPrevented || pressed.isComposing) return;
    const { key, ctrlKey, altKey, metaKey } = pressed;
    const done = press(pending, { key, modified: ctrlKey || altKey || metaKey, busy: busy(pressed.target), at: Date.now() });
    pending = done.pending;
    if (done.command === undefined) return;
    pressed.preventDefault();
    obey(done.command);
  });
}

function obey(command: Command): void {
  if (command === "now" || command === "health") go({ page: command });
  if (command === "sessions") go({ page: command, search: {} });
  if (command === "search" && route.value.page !== "sessions") {
    go({ page: "sessions", search: {} });
    // Once the box is there.
    setTimeout(() => tellAll(command), 50);
    return;
  }
  tellAll(command);
}

function tellAll(command: Command): void {
  for (const handler of [...handlers]) handler(command);
}

function busy(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button])");
}
