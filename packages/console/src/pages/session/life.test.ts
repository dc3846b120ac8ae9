import type { Answer } from "@sojourn/client";
import { expect, test } from "vitest";
import { lifeOf } from "./life.ts";

const info: Answer<"showSession"> = { id: "s", kind: "web", version: 3, created: 1000, seen: 5000, expiresAt: 11_000, authenticatedAt: 2000, methods: ["pwd"] };
const checkpoint = (session: string, at: number): Answer<"listCheckpoints">["checkpoints"][number] => ({
  name: "before",
  at,
  until: 99_000,
  session,
  version: 2,
  fields: [],
});

test("a live session's life goes to its deadline", () => {
  const { moments, passed } = lifeOf(info, [checkpoint("s", 3000), checkpoint("other", 4000)], 6000);
  expect(moments.map(({ is, at, place }) => [is, at, place])).toEqual([
    ["began", 1000, 0],
    ["logged in", 2000, 0.1],
    ["checkpoint", 3000, 0.2],
    ["seen", 5000, 0.4],
    ["deadline", 11_000, 1],
  ]);
  expect(passed).toBe(0.5);
});

test("an ended one's to its end, with why and by whom", () => {
  const { moments, passed } = lifeOf({ ...info, ended: { at: 6000, reason: "revoked", by: "night" } }, [], 90_000);
  expect(moments.at(-1)).toEqual({ at: 6000, is: "ended", place: 1, what: "revoked", by: "night" });
  expect(moments.some(({ is }) => is === "deadline")).toBe(false);
  expect(passed).toBe(1);
});

test("what was never seen again was not seen, and nothing leaves the line", () => {
  const { moments } = lifeOf({ ...info, authenticatedAt: 1000, seen: 1000, expiresAt: 1000 }, [checkpoint("s", 500)], 1000);
  expect(moments.map(({ is, place }) => [is, place])).toEqual([
    ["checkpoint", 0],
    ["began", 0],
    ["logged in", 0],
    ["deadline", 0],
  ]);
});
