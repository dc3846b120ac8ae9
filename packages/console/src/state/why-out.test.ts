import { expect, test } from "vitest";
import { whyOut } from "./why-out.ts";

const minute = 60_000;
const idle = 15 * minute;

test.each([
  [{ now: 15 * minute, lastAct: 0, idle, expiresAt: 15 * minute }, "Your session ended after 15 min without activity."],
  [{ now: 40 * minute, lastAct: 0, idle: idle - 800, expiresAt: 15 * minute }, "Your session ended after 15 min without activity."],
  [{ now: 12 * minute, lastAct: 11 * minute, idle, expiresAt: 12 * minute }, "Your session had reached its longest time."],
  [{ now: 2 * minute, lastAct: minute, idle, expiresAt: 16 * minute }, "Your session was ended, or your key was revoked."],
])("%j", (gone, why) => {
  expect(whyOut(gone)).toContain(why);
});
