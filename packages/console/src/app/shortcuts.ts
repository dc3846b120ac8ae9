/** What a key does anywhere in the console. */
export type Command = "search" | "now" | "sessions" | "health" | "help" | "next" | "previous" | "select";

/** What was pressed. */
export interface Pressed {
  readonly key: string;
  /** With Ctrl, Alt or Meta: the browser's own. */
  readonly modified: boolean;
  /** Where a text is being written, or a dialog is open. */
  readonly busy: boolean;
  /** Epoch ms. */
  readonly at: number;
}

/** A first key that waits for its second. */
export interface Pending {
  readonly key: "g";
  readonly at: number;
}

const single: Readonly<Record<string, Command>> = { "/": "search", "?": "help", j: "next", k: "previous", x: "select" };
const afterG: Readonly<Record<string, Command>> = { n: "now", s: "sessions", h: "health" };

/** How long a second key may take, in ms. */
const patience = 1500;

/** What a key means after those before it. */
export function press(pending: Pending | undefined, { key, modified, busy, at }: Pressed): { readonly pending?: Pending; readonly command?: Command } {
  if (modified || busy) return {};
  if (pending !== undefined && at - pending.at <= patience) {
    const command = afterG[key];
    if (command !== undefined) return { command };
  }
  if (key === "g") return { pending: { key, at } };
  const command = Object.hasOwn(single, key) ? single[key] : undefined;
  return command === undefined ? {} : { command };
}

/** For the dialog that tells of them. */
export const shortcutTable: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["/"], "Find a session"],
  [["g", "n"], "Go to Now"],
  [["g", "s"], "Go to Sessions"],
  [["g", "h"], "Go to Health"],
  [["j"], "Next in the list"],
  [["k"], "The one before"],
  [["Enter"], "Open it"],
  [["x"], "Select it, or not"],
  [["Esc"], "Close what is open"],
  [["?"], "This help"],
];
