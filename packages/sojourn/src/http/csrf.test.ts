import fc from "fast-check";
import { expect, it } from "vitest";
import { createSessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { checkCsrf, csrfToken } from "./csrf.ts";

const clock = fakeClock();
const open = (): ReturnType<typeof createSessions> => createSessions({ store: memoryStore(), clock });

it("every text is another one, and each is good for as long as the session is the same visitor's", async () => {
  const sessions = open();
  const session = await sessions.create();
  const texts = Array.from({ length: 50 }, () => csrfToken(session));
  expect(new Set(texts).size).toBe(50);
  expect(new Set(texts.map((text) => text.slice(32))).size).toBe(50);
  await session.commit();
  const later = await sessions.resume(session.token ?? "");
  if (later === undefined) throw new Error("gone");
  for (const text of texts) expect(checkCsrf(later, text)).toBe(true);
  const version = later.version;
  csrfToken(later);
  await later.commit();
  expect(later.version).toBe(version);
  await later.authenticate("ana");
  for (const text of texts) expect(checkCsrf(later, text)).toBe(false);
  const fresh = csrfToken(later);
  await later.commit();
  expect(checkCsrf(later, fresh)).toBe(true);
  await later.elevate("sudo");
  expect(checkCsrf(later, fresh)).toBe(true);
  clock.advance("1s");
  await later.authenticate("ana");
  expect(checkCsrf(later, fresh)).toBe(false);
});

it("begins a session for a visitor who has none, and is no field of the application's", async () => {
  const sessions = open();
  const session = await sessions.visit({});
  expect(checkCsrf(session, "A".repeat(64))).toBe(false);
  const text = csrfToken(session);
  expect(checkCsrf(session, text)).toBe(true);
  await session.commit();
  expect([session.exists, Object.keys(session.data)]).toEqual([true, []]);
  expect(checkCsrf(session, text)).toBe(true);
});

it("nothing but the session's own text passes", async () => {
  const sessions = open();
  const [session, other] = [await sessions.create(), await sessions.create()];
  const text = csrfToken(session);
  csrfToken(other);
  for (const wrong of [undefined, null, 1, "", [text], { text }, text.slice(1), `${text}A`, csrfToken(other), "A".repeat(64), session.token])
    expect(checkCsrf(session, wrong)).toBe(false);
  fc.assert(
    fc.property(fc.nat(63), fc.constantFrom("A", "B", "a", "b", "0", "1", "-", "_"), (at, digit) => {
      fc.pre(text.charAt(at) !== digit);
      expect(checkCsrf(session, text.slice(0, at) + digit + text.slice(at + 1))).toBe(false);
    }),
  );
});
