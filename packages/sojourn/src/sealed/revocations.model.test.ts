import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionId } from "../core/seam.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { newId } from "../testing/new-id.ts";
import { nodeOn, withFeedFault } from "./revocations.fixture.ts";
import type { Revocations } from "./revocations.ts";

const start = fakeClock().now();
const subjects = ["main:u", "main:v"] as const;

/** A session as it ought to be judged: every word that was ever accepted is kept, and nothing is ever merged or forgotten. */
interface Model {
  ended: boolean;
  /** Of the session's record. */
  until: number;
  readonly cuts: { readonly generation: number; readonly from: number }[];
  /** Until when it has ended for a subject. */
  readonly endedFor: Map<string, number>;
}

const newModel = (): Model => ({ ended: false, until: -Infinity, cuts: [], endedFor: new Map() });

function judged(
  model: Model,
  floors: ReadonlyMap<string, number>,
  token: { generation: number; subject: string | undefined; since: number },
  now: number,
): unknown {
  const { generation, subject, since } = token;
  const holds = now <= model.until;
  if (model.ended && holds) return "ended";
  if (subject !== undefined && now <= (model.endedFor.get(subject) ?? -Infinity)) return "ended";
  if (since < (floors.get("") ?? 0) || since < (floors.get(subject ?? "") ?? 0)) return "ended";
  return holds && model.cuts.some((cut) => generation < cut.generation && cut.from <= now) ? "replaced" : undefined;
}

const on = fc.nat(1);
const session = fc.nat(2);
const ahead = fc.constantFrom(-10, 5, 40, 200, 100_000);
const step = fc.oneof(
  fc.record({ do: fc.constant("end" as const), node: on, session, ahead, subject: fc.constantFrom(undefined, undefined, ...subjects) }),
  fc.record({ do: fc.constant("replace" as const), node: on, session, ahead, by: fc.integer({ min: -1, max: 2 }), grace: fc.constantFrom(-1e12, 0, 0, 30) }),
  fc.record({ do: fc.constant("floor" as const), node: on, subject: fc.constantFrom(undefined, ...subjects, ...subjects) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ do: fc.constant("feed" as const), how: fc.constantFrom("hold" as const, "gap" as const, "pass" as const) }),
);

for (const slow of [false, true]) {
  test(`two nodes judge as a model that forgets nothing${slow ? ", on a store with delayed answers" : ""}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: slow ? 15 : 40 }), async (steps) => {
        const clock = fakeClock();
        const inner = memoryStore();
        const store = withFeedFault(slow ? delayed(inner) : inner);
        // One hears through a feed that goes wrong; what it ends itself it knows all the same.
        const nodes = [nodeOn(slow ? delayed(inner) : inner, { clock }), nodeOn(store, { clock })] as const;
        const ids = [newId(), newId(), newId()] as const;
        const models = ids.map(newModel);
        const floors = new Map<string, number>();
        for (const one of nodes) await one.follow();
        try {
          for (const given of steps) {
            const now = clock.now();
            if (given.do === "wait") clock.advance(given.ms);
            else if (given.do === "feed") {
              if (given.how === "pass") store.feed.over();
              else store.feed.how = given.how;
            } else if (given.do === "floor") {
              await nodes[given.node]?.floors.raise(given.subject, now, []);
              floors.set(given.subject ?? "", now);
            } else await act(nodes[given.node] as Revocations, ids[given.session] as SessionId, models[given.session] as Model, given, now);
          }
          store.feed.over();
          const late = nodeOn(inner, { clock });
          await late.follow();
          for (const one of [late, ...nodes]) {
            // A feed may lag; whoever has just begun knows all.
            if (one !== late) await eventually(() => wrong(one, clock.now()) === undefined);
            expect(wrong(one, clock.now())).toBeUndefined();
          }
          await late.stop();
        } finally {
          for (const one of nodes) await one.stop();
        }

        /** The first judgement that differs from the model's. */
        function wrong(one: Revocations, now: number): unknown {
          for (const [i, id] of ids.entries()) {
            for (const subject of [undefined, ...subjects]) {
              for (let generation = 0; generation < 5; generation++) {
                for (const since of [start, now - 20, now]) {
                  const token = { generation, subject, since };
                  const [given, right] = [one.refused(id, generation, subject, since, now), judged(models[i] as Model, floors, token, now)];
                  if (given !== right) return { ...token, session: i, given, right };
                }
              }
            }
          }
          return undefined;
        }
      }),
      { numRuns: slow ? 30 : 150 },
    );
  });
}

type Act = { readonly ahead: number } & (
  | { readonly do: "end"; readonly subject: string | undefined }
  | { readonly do: "replace"; readonly by: number; readonly grace: number }
);

async function act(one: Revocations, id: SessionId, model: Model, given: Act, now: number): Promise<void> {
  const over = now + given.ahead;
  if (given.do === "replace") {
    const highest = Math.max(0, ...model.cuts.map((cut) => cut.generation));
    const generation = highest + given.by;
    const from = Math.max(0, now + given.grace);
    // Sessions begin with generation 0 or above; what replaces nothing is nothing to write.
    if (generation < 1) return;
    const wins = !model.ended && generation > highest;
    expect(await one.replace(id, generation, from, over)).toBe(wins);
    if (!wins) return;
    model.cuts.push({ generation, from });
    model.until = Math.max(model.until, over);
  } else if (given.subject === undefined) {
    expect(await one.end(id, { reason: "closed", until: over })).toBe(!model.ended);
    model.ended = true;
    model.until = Math.max(model.until, over);
  } else {
    // An end for everybody, known here to last as long, has said it already.
    const before = model.endedFor.get(given.subject);
    const did = await one.end(id, { reason: "closed", subject: given.subject, until: over });
    if (before !== undefined) expect(did).toBe(false);
    if (model.ended && !did && over <= model.until) return;
    model.endedFor.set(given.subject, Math.max(before ?? -Infinity, over));
  }
}

async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 2_000;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("100,000 ends of short-lived sessions leave nothing behind, on the node that wrote them and on one that heard of them, though nobody sweeps", async () => {
  const clock = fakeClock();
  const store = memoryStore({ budget: 512 * 1024 * 1024 });
  const [a, b] = [nodeOn(store, { clock }), nodeOn(store, { clock })];
  await b.follow();
  const kept = newId();
  await a.end(kept, { reason: "closed", until: clock.now() + 1e9 });
  let most = 0;
  for (let i = 0; i < 5_000; i++) {
    const until = clock.now() + 100;
    await Promise.all(Array.from({ length: 20 }, () => a.end(newId(), { reason: "closed", until })));
    clock.advance(1);
    // Somebody visits now and then.
    b.refused(kept, 1, undefined, clock.now(), clock.now());
    most = Math.max(most, a.size, b.size);
  }
  // 20 in each ms, each of them needed for 100 ms.
  expect(most).toBeLessThan(2 * 2_000);
  clock.advance(1_000);
  for (let i = 0; i < 5_000; i++) for (const node of [a, b]) node.refused(kept, 1, undefined, clock.now(), clock.now());
  expect([a.size, b.size]).toEqual([1, 1]);
  for (const node of [a, b]) expect(node.refused(kept, 1, undefined, clock.now(), clock.now())).toBe("ended");
  await b.stop();
}, 60_000);
