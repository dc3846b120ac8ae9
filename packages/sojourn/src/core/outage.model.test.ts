import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { failingStore, type Fault } from "../testing/failing-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { SojournError } from "./errors.ts";
import { createSessions } from "./sessions.ts";

interface Data {
  n: number;
  theme: string;
}

/** What is known of a session from outside: what was acknowledged, and what may have landed beside it. */
interface Known {
  token: string;
  readonly id: string;
  readonly fields: { [Name in keyof Data]: { acknowledged: Data[Name] | undefined; maybe: Data[Name][] } };
  ended: "no" | "maybe" | "yes";
}

const landsAfter = 8;
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constant<Fault>({ fault: "before" }) },
  { weight: 3, arbitrary: fc.constant<Fault>({ fault: "after" }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ fault: "hang" }) },
  { weight: 2, arbitrary: fc.constant<Fault>({ fault: "hang-then-land", ms: landsAfter }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ fault: "slow", ms: 1 }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ fault: "throw", error: new RangeError("of a driver") }) },
);
const act = fc.record({
  do: fc.constantFrom(
    "create" as const,
    "set" as const,
    "set" as const,
    "update" as const,
    "read" as const,
    "log in" as const,
    "end" as const,
    "end by id" as const,
  ),
  which: fc.nat(99),
});

test("whatever goes wrong: no call hangs, what was acknowledged is there, what was ended stays ended, and an error that says that nothing was written is right", async () => {
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { minLength: 20, maxLength: 60 }),
      fc.array(act, { minLength: 5, maxLength: 25 }),
      fc.boolean(),
      async (faults, acts, serves) => {
        const truth = memoryStore();
        const clock = fakeClock();
        const store = failingStore(truth, ({ n }) => faults[n]);
        const sessions = createSessions<Data>({ store, clock, deadline: 4, breaker: { after: 4, longest: 1 }, ...(serves && { outage: { serve: "1h" } }) });
        const known: Known[] = [];
        let text = 0;

        /** What became of it; an error of another kind, or none within a second, is a failure of the test. */
        async function attempt<T>(work: () => T | Promise<T>, of?: Known): Promise<{ readonly value: T } | "nothing" | "unknown"> {
          let timer: ReturnType<typeof setTimeout> | undefined;
          const hang = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error("a call hangs")), 1_000)));
          try {
            return { value: await Promise.race([(async () => work())(), hang]) };
          } catch (error) {
            // What was to end it landed late: nothing was written, and from here on it is known to be over.
            if (error instanceof SojournError && error.code === "session_ended" && of?.ended === "maybe") {
              of.ended = "yes";
              return "nothing";
            }
            if (!(error instanceof SojournError) || error.status !== 503) throw error;
            hits++;
            return error.code === "outcome_unknown" ? "unknown" : "nothing";
          } finally {
            clearTimeout(timer);
          }
        }

        for (const { do: what, which } of acts) {
          clock.advance(1);
          const it = known[which % Math.max(1, known.length)];
          if (what === "create") {
            const made = await attempt(() => sessions.create({ data: { n: 0, theme: "light" } }));
            if (typeof made === "object") {
              const { token, id } = made.value;
              const fields: Known["fields"] = { n: { acknowledged: 0, maybe: [] }, theme: { acknowledged: "light", maybe: [] } };
              known.push({ token: String(token), id: String(id), fields, ended: "no" });
            }
            continue;
          }
          if (it === undefined) continue;
          const visited = await attempt(() => sessions.visit({ token: it.token }));
          if (typeof visited === "string") {
            expect(visited).toBe("nothing");
            continue;
          }
          const session = visited.value;
          if (it.ended === "yes") expect(session.exists).toBe(false);
          if (it.ended === "no") expect(session.exists).toBe(true);
          if (!session.exists) continue;
          const { n, theme } = it.fields;
          if (!session.degraded) expect([n.acknowledged, ...n.maybe]).toContain(session.get("n"));
          if (what === "set") {
            const next = `theme ${++text}`;
            const done = await attempt(async () => (session.set("theme", next), sessions.settle(session)), it);
            if (done === "unknown") theme.maybe.push(next);
            else if (typeof done === "object") theme.acknowledged = next;
          } else if (what === "update") {
            let next = 0;
            const done = await attempt(() => session.update("n", (now = 0) => (next = now + 1)), it);
            if (done === "unknown") n.maybe.push(next);
            else if (typeof done === "object") {
              // Compare-and-set: what came late is refused, so nothing else is possible from here on.
              n.acknowledged = next;
              n.maybe.length = 0;
            }
          } else if (what === "log in") {
            const done = await attempt(() => session.authenticate("ada", { keep: ["n", "theme"] }), it);
            if (typeof done === "object") it.token = String(session.token);
            // Whether the old token or none is good is not known: no more is asked of this one.
            else if (done === "unknown") it.ended = "maybe";
          } else if (what !== "read") {
            const done = await attempt<unknown>(() => (what === "end" ? session.end() : sessions.end({ id: it.id })), it);
            if (done === "unknown") it.ended = it.ended === "no" ? "maybe" : it.ended;
            else if (typeof done === "object") it.ended = "yes";
          }
        }

        // Back again: what was late has landed, and another process looks.
        await new Promise((resolve) => setTimeout(resolve, landsAfter + 2));
        const later = createSessions<Data>({ store: truth, clock });
        for (const { token, id, fields, ended } of known) {
          const session = await later.visit({ token });
          if (ended === "yes") {
            expect(session.exists).toBe(false);
            expect((await later.info({ id }))?.ended).toBeDefined();
          } else if (ended === "no") {
            expect(session.exists).toBe(true);
            expect([fields.n.acknowledged, ...fields.n.maybe]).toContain(session.get("n"));
            expect([fields.theme.acknowledged, ...fields.theme.maybe]).toContain(session.get("theme"));
          }
        }
      },
    ),
    { numRuns: 120 },
  );
  expect(hits).toBeGreaterThan(50);
});
