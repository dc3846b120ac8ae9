import { expect, test } from "vitest";
import { stepped, type Course, type Step } from "./everything.ts";

const floor = { is: "told", message: { issuedBefore: 7 } } as const;
const some = { is: "told", message: { ended: 40 } } as const;
const done = { is: "told", message: { done: true, ended: 90 } } as const;
const lost = { is: "lost", why: "offline" } as const;

test.each<[string, Step[], Course]>([
  ["all goes well", [{ is: "sent" }, floor, some, done], { at: "done", issuedBefore: 7, ended: 90 }],
  ["nothing came", [{ is: "sent" }, lost], { at: "lost", ended: 0, why: "offline" }],
  ["the order stands when the line breaks", [{ is: "sent" }, floor, some, lost], { at: "lost", issuedBefore: 7, ended: 40, why: "offline" }],
  ["a line that breaks after the end is none", [{ is: "sent" }, floor, done, lost], { at: "done", issuedBefore: 7, ended: 90 }],
  ["again", [{ is: "sent" }, lost, { is: "sent" }, floor], { at: "standing", issuedBefore: 7, ended: 0 }],
  ["refused", [{ is: "sent" }, { is: "refused", why: "later than now" }], { at: "refused", why: "later than now" }],
])("%s", (_, steps, course) => {
  expect(steps.reduce<Course>(stepped, { at: "asking" })).toEqual(course);
});
