import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Resumable } from "../core/resumable.ts";
import type { Session } from "../core/session.ts";
import { createSessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { newKey } from "./keys.ts";
import { sealedSessions } from "./sealed-sessions.ts";

interface Data {
  a: unknown;
  b: unknown;
  c: string[];
}

/** What one request does, in its order. */
type Act =
  | { readonly do: "set"; readonly name: "a" | "b"; readonly value: unknown }
  | { readonly do: "delete" | "get"; readonly name: "a" | "b" | "c" }
  | { readonly do: "add"; readonly item: string }
  | { readonly do: "flash"; readonly value: string | undefined }
  | { readonly do: "authenticate"; readonly subject: string; readonly keep: readonly ("a" | "c")[]; readonly absolute: string | undefined }
  | { readonly do: "elevate"; readonly level: string }
  | { readonly do: "end" | "commit" | "rotate" };

interface Request {
  readonly wait: number;
  readonly acts: readonly Act[];
}

const value = fc.oneof(fc.string({ maxLength: 30 }), fc.integer(), fc.constantFrom(null, true, [], { deep: [1, { x: "\u00e9\u{1f642}" }] }, "x".repeat(2_500)));
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set" as const), name: fc.constantFrom("a" as const, "b" as const), value }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("delete" as const, "get" as const), name: fc.constantFrom("a" as const, "b" as const, "c" as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("add" as const), item: fc.string({ maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flash" as const), value: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("authenticate" as const),
      subject: fc.constantFrom("ana", "bob", "%\n"),
      keep: fc.subarray(["a" as const, "c" as const]),
      absolute: fc.constantFrom(undefined, "1h", "7d"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("elevate" as const), level: fc.constantFrom("pay", "admin") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "commit" as const) }) },
);
const history: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.record({
    wait: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 2, max: 60_000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 200_000, max: 1_700_000 }) },
      { weight: 1, arbitrary: fc.constant(1_800_000) },
    ),
    acts: fc.array(act, { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
);

async function done(session: Session<Data>, given: Act): Promise<unknown> {
  switch (given.do) {
    case "set":
      return session.set(given.name, given.value);
    case "delete":
      return session.delete(given.name);
    case "get":
      return session.get(given.name);
    case "add":
      return session.update("c", (items = []) => [...items, given.item]);
    case "flash":
      return session.flash("note", given.value);
    case "authenticate":
      return session.authenticate(given.subject, {
        methods: ["pwd"],
        keep: given.keep,
        ...(given.absolute === undefined ? undefined : { absolute: given.absolute as never }),
      });
    case "elevate":
      return session.elevate(given.level, { for: "5m", methods: ["otp"] });
    case "end":
      return session.end();
    case "rotate":
      return session.rotate();
    default:
      return session.commit();
  }
}

/** All that a handler can see of its session, but for its name and number. */
function shown(session: Session<Data>): unknown {
  const { exists, subject, methods, levels, data, authenticatedAt, created, expiresAt, kind, refusal } = session;
  return { exists, subject, methods, levels: levels.toSorted(), data: { ...data }, authenticatedAt, created, expiresAt, kind, over: refusal === "expired" };
}

/** A browser's story: what each request saw, and was told. */
async function told(manager: Resumable<Data>, requests: readonly Request[], clock: ReturnType<typeof fakeClock>, room: number): Promise<unknown[]> {
  const story: unknown[] = [];
  let token: string | undefined;
  for (const { wait, acts } of requests) {
    clock.advance(wait);
    const session = await manager.visit({ token, place: "session", room, rotates: false });
    story.push(shown(session));
    for (const each of acts) {
      try {
        story.push(await done(session, each));
      } catch (error) {
        story.push((error as { readonly code?: string }).code ?? String(error));
      }
      story.push(shown(session));
    }
    const back = await manager.settle(session);
    if (back !== undefined) token = back.token;
  }
  return story;
}

describe("to one browser, one request after the other, sealed sessions are what sessions in a store are", () => {
  for (const [how, options, room] of [
    ["travelling whole", {}, 60_000],
    ["with revocations", { revocations: true }, 60_000],
    ["overflowing into a store", { overflow: true }, 600],
    ["with a shared field", { overflow: true, shared: ["c" as const] }, 60_000],
    ["compressed", { compress: { fields: ["a", "c"] } }, 60_000],
    ["with revocations, a limit and overflow", { revocations: true, overflow: true, limit: { perSubject: 1, whenFull: "end-oldest" as const } }, 400],
  ] as const)
    test(how, { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(history, async (requests) => {
          const [one, other] = [fakeClock(), fakeClock()];
          const inStore = createSessions<Data>({ store: memoryStore(), clock: one, rotation: false, touch: 1 });
          const store = memoryStore();
          const sealed = sealedSessions<Data>({
            keys: [newKey()],
            clock: other,
            touch: 1,
            ...options,
            ...("overflow" in options ? { overflow: store } : undefined),
            ...("revocations" in options ? { revocations: store } : undefined),
          } as never);
          const expected = await told(inStore, requests, one, room);
          expect(await told(sealed, requests, other, room)).toEqual(expected);
          await sealed.close();
        }),
        { numRuns: 60 },
      );
    });
});
