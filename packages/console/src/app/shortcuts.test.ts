import { expect, test } from "vitest";
import { press, type Command, type Pending } from "./shortcuts.ts";

function typed(keys: string, step = 100): (Command | undefined)[] {
  let pending: Pending | undefined;
  return keys.split("").map((key, i) => {
    const done = press(pending, { key, modified: false, busy: false, at: i * step });
    pending = done.pending;
    return done.command;
  });
}

test.each<[string, (Command | undefined)[]]>([
  ["/", ["search"]],
  ["?", ["help"]],
  ["gn", [undefined, "now"]],
  ["gs", [undefined, "sessions"]],
  ["ggh", [undefined, undefined, "health"]],
  ["gj", [undefined, "next"]],
  ["gzn", [undefined, undefined, undefined]],
  ["n", [undefined]],
  ["jkx", ["next", "previous", "select"]],
])("%s", (keys, commands) => {
  expect(typed(keys)).toEqual(commands);
});

test("a second key that comes late means nothing", () => {
  expect(typed("gn", 2000)).toEqual([undefined, undefined]);
});

test("nothing happens while a text is written, nor with Ctrl; what every object has is no command", () => {
  expect(press(undefined, { key: "/", modified: false, busy: true, at: 0 })).toEqual({});
  expect(press(undefined, { key: "/", modified: true, busy: false, at: 0 })).toEqual({});
  expect(press(undefined, { key: "constructor", modified: false, busy: false, at: 0 })).toEqual({});
});
