import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import type { EndAllProgress } from "./end-all.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import { floorId, floorKey } from "./floors.ts";
import type { Store } from "./seam.ts";
import { createSessions, type Sessions } from "./sessions.ts";

const alive = async (sessions: Sessions<Record<string, unknown>>, token: string | undefined): Promise<boolean> =>
  (await sessions.resume(token ?? "")) !== undefined;

overEveryStore((open) => {
  function house(): { clock: FakeClock; store: Store; here: Sessions<Record<string, unknown>>; there: Sessions<Record<string, unknown>> } {
    const clock = fakeClock();
    const store = open();
    const lasting = { idle: "1d", absolute: "2d" } as const;
    return { clock, store, here: createSessions({ store, clock, ...lasting }), there: createSessions({ store, clock, ...lasting }) };
  }

  test("everything that came before a moment ends, and what came at it or later does not", async () => {
    const { clock, here, there } = house();
    const old = await here.create({ subject: "ada" });
    clock.advance("1m");
    const before = clock.now();
    const at = await here.create({ subject: "ada" });
    clock.advance("1m");
    const later = await here.create({});
    clock.advance("5m");
    expect(await here.endAll({ everyone: true, before }, "revoked", "ops")).toBe(1);
    for (const sessions of [here, there]) expect(await Promise.all([old, at, later].map(({ token }) => alive(sessions, token)))).toEqual([false, true, true]);
    expect((await here.info({ id: old.id! }))?.ended).toEqual({ at: clock.now(), reason: "revoked", by: "ops" });
  });

  test("whoever logged in since the moment is spared, however old the session is", async () => {
    const { clock, here } = house();
    const { token } = await here.create({ data: { a: 1 } });
    clock.advance("1m");
    const before = clock.now();
    const visit = await here.visit({ token });
    await visit.authenticate("ada");
    expect(await here.endAll({ everyone: true, before })).toBe(0);
    expect(await alive(here, visit.token)).toBe(true);
  });

  test("each of the kinds is ended one by one; those of others are as good as ended", async () => {
    const { clock, here } = house();
    const made = await Promise.all(["web", "sms", "telnet"].map((kind) => here.create({ kind })));
    clock.advance(1);
    expect(await here.endAll({ everyone: true, kinds: ["web", "sms", "web"] })).toBe(2);
    expect(await Promise.all(made.map(({ token }) => alive(here, token)))).toEqual([false, false, false]);
    expect((await here.info({ id: made[2]!.id! }))?.ended?.reason).toBe("revoked");
    await expect(here.endAll({ everyone: true, kinds: ["$floor"] })).rejects.toMatchObject({ code: "invalid_option" });
  });

  test("a moment that has not come is refused by name, and nothing has ended", async () => {
    const { clock, here } = house();
    const { token } = await here.create({});
    await expect(here.endAll({ everyone: true, before: clock.now() + 1 })).rejects.toThrow(/^before is \d+, 1 ms from now\./);
    for (const before of [Number.NaN, Infinity]) await expect(here.endAll({ everyone: true, before })).rejects.toMatchObject({ code: "invalid_option" });
    clock.advance(1);
    expect(await alive(here, token)).toBe(true);
  });

  test("no floor is lowered by one for an earlier moment: not its own, not that of anybody in its slot, not in its time", async () => {
    const { clock, store, here, there } = house();
    const start = clock.now();
    const subjects = await besideTheTenant(3);
    clock.advance("2h");
    const made = await Promise.all(subjects.map((subject) => there.create({ subject })));
    clock.advance(1);
    const raiser = createSessions({ store: blind(store), clock });
    for (const subject of subjects) await raiser.endAll({ subject });
    const floors = await wakes(store);
    clock.advance("1h");
    await raiser.endAll({ everyone: true, before: start });
    clock.advance("2s");
    expect(await Promise.all(made.map(({ token }) => alive(here, token)))).toEqual(made.map(() => false));
    const after = await wakes(store);
    for (const [id, wake] of floors) expect(after.get(id)).toBeGreaterThanOrEqual(wake);
  });

  test("the tenant's own floor is not lowered either, nor forgotten earlier", async () => {
    const { clock, store, here, there } = house();
    const start = clock.now();
    clock.advance("1h");
    const { token } = await here.create({ subject: "ada" });
    clock.advance("1h");
    const raiser = createSessions({ store: blind(store), clock });
    await raiser.endAll({ everyone: true });
    const [before] = [...(await wakes(store)).values()];
    await raiser.endAll({ everyone: true, before: start });
    expect([...(await wakes(store)).values()]).toEqual([before]);
    clock.advance("2s");
    expect([await alive(here, token), await alive(there, token)]).toEqual([false, false]);
  });

  test("it tells when the floor stands, before anything is read, and how many have ended since", async () => {
    const { clock, here, there } = house();
    const made = await Promise.all(Array.from({ length: 250 }, () => here.create({ subject: "ada" })));
    clock.advance("2s");
    const told: EndAllProgress[] = [];
    let first: boolean | undefined;
    const progress = async (so: EndAllProgress): Promise<void> => {
      // Another process, which has not heard of it.
      first ??= await alive(there, made[249]!.token);
      told.push(so);
    };
    expect(await here.endAll({ everyone: true }, "revoked", undefined, { progress })).toBeGreaterThanOrEqual(249);
    expect(first).toBe(false);
    expect(told[0]).toEqual({ before: clock.now(), ended: 0 });
    expect(told.at(-1)!.ended).toBeGreaterThanOrEqual(249);
    expect(told.length).toBeGreaterThan(3);
    for (const [i, { ended }] of told.entries()) expect(ended).toBeGreaterThanOrEqual(told[i - 1]?.ended ?? 0);
  });

  test("it stops behind the page under way when it is told to, and the floor stays", async () => {
    const { clock, here } = house();
    const made = await Promise.all(Array.from({ length: 250 }, () => here.create({})));
    clock.advance(1);
    const stop = new AbortController();
    const progress = ({ ended }: EndAllProgress): void => void (ended > 0 && stop.abort());
    const ended = await here.endAll({ everyone: true }, "revoked", undefined, { progress, signal: stop.signal });
    expect(ended).toBeGreaterThan(0);
    expect(ended).toBeLessThan(250);
    const infos = await Promise.all(made.map(({ id }) => here.info({ id: id! })));
    // Those that nobody has ended yet are shown as what they are.
    expect(infos.map((info) => info?.ended)).toEqual(made.map(() => expect.objectContaining({ at: clock.now(), reason: "revoked" }) as unknown));
    expect(await alive(here, made[249]!.token)).toBe(false);
  });

  test("what begins while it goes on is spared; what says that it began later than now is not", async () => {
    const { clock, store, here } = house();
    const ahead = createSessions({ store, clock: { now: () => clock.now() + 60_000 } });
    const future = await ahead.create({});
    const old = await here.create({});
    clock.advance(1);
    let fresh: string | undefined;
    const progress = async (): Promise<void> => {
      clock.advance(1);
      fresh ??= (await here.create({})).token;
    };
    expect(await here.endAll({ everyone: true }, "revoked", undefined, { progress })).toBe(2);
    expect(await Promise.all([old.token, fresh].map((token) => alive(here, token)))).toEqual([false, true]);
    expect(await alive(ahead, future.token)).toBe(false);
  });

  test("a listing shows what lies below a floor as ended at the floor, and of a subject not at all; what expired before it as expired", async () => {
    const { clock, store, here } = house();
    const expired = await here.create({ subject: "ada", idle: "1m" });
    clock.advance("2m");
    const live = await here.create({ subject: "ada" });
    clock.advance(1);
    const raiser = createSessions({ store: blind(store), clock });
    await raiser.endAll({ subject: "ada" });
    const at = clock.now();
    clock.advance("2s");
    const third = await here.create({ subject: "ben" });
    clock.advance(1);
    expect((await raiser.info({ id: live.id! }))?.ended).toEqual({ at, reason: "revoked" });
    expect((await raiser.info({ id: expired.id! }))?.ended).toEqual({ at: expired.expiresAt, reason: "idle" });
    expect((await raiser.info({ id: third.id! }))?.ended).toBeUndefined();
  });
});

/** A store that lists nothing: what a mass ending does not find it can only end by its floor. */
function blind(store: Store): Store {
  return Object.assign(Object.create(store) as Store, { find: () => ({ records: [] }) });
}

/** Subjects whose floors have the slot of the tenant's floor. */
async function besideTheTenant(count: number): Promise<string[]> {
  const slot = async (subject: string | undefined): Promise<string> => (await floorId("main", floorKey(subject))).charAt("floor:".length);
  const tenants = await slot(undefined);
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) if ((await slot(`main:u${n}`)) === tenants) found.push(`u${n}`);
  return found;
}

/** When each floor goes, by its id. */
async function wakes(store: Store): Promise<Map<string, number>> {
  const { records } = await store.find({ kind: "main:$floor" }, { limit: 1_000 });
  return new Map(records.filter(({ id }) => id.startsWith("floor:")).map(({ id, wake }) => [id, wake ?? 0]));
}

describe("a subject's listing", () => {
  test("has nothing of what this process knows to lie below a floor", async () => {
    const clock = fakeClock();
    const store = memoryStore();
    const sessions = createSessions({ store, clock });
    const { id } = await sessions.create({ subject: "ada" });
    clock.advance(1);
    const stop = new AbortController();
    stop.abort();
    expect(await sessions.endAll({ everyone: true }, "revoked", undefined, { signal: stop.signal })).toBe(0);
    expect((await store.load(id!))?.ended).toBeUndefined();
    expect((await sessions.page({ subject: "ada" })).sessions).toEqual([]);
    expect((await sessions.page({ kind: "web" })).sessions.map(({ ended }) => ended)).toEqual([{ at: clock.now(), reason: "revoked" }]);
  });
});
