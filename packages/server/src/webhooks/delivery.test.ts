import { createSessions, SojournError, type Sessions, type SessionId, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { fakeClock } from "sojourn/testing";
import { afterAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import type { Log } from "../log.ts";
import type { Fields } from "../views.ts";
import { deliver, type Delivery } from "./delivery.ts";
import { askedText, hookKind, hookOf, hooksOf, progressText, type Hook } from "./hook.ts";
import { receiver, type Receiver } from "./receiver.fixture.ts";
import { retryAfter } from "./retry.ts";
import { newSecret } from "./signature.ts";

afterAll(cleanUp);

const patient = { timeout: 60_000, interval: 20 };
const quiet: Log = { request: () => undefined, info: () => undefined, error: () => undefined };
const day = 24 * 3_600_000;

/** A webhook in a store of its own, with whatever is planted in its writes. */
async function setUp({
  target,
  clock,
  broken,
  fields = {},
}: {
  readonly target: Receiver;
  readonly clock?: { now(): number };
  readonly broken?: () => SojournError | undefined;
  readonly fields?: Partial<Hook>;
}): Promise<{ store: ReturnType<typeof memoryStore>; sessions: Sessions<Fields>; hook: () => Hook; delivery: Delivery }> {
  const store = memoryStore();
  const sessions = createSessions<Fields>({ store, kind: "api", ...(clock !== undefined && { clock }) });
  later(() => sessions.close());
  const id = "wh_one" as SessionId;
  const fresh: Hook = {
    id,
    version: 1,
    tenant: "main",
    secret: newSecret(),
    holder: "me",
    url: target.url,
    events: ["created", "ended"],
    kinds: undefined,
    created: 0,
    cursor: undefined,
    through: 0,
    last: undefined,
    dropped: 0,
    disabled: undefined,
    ...fields,
  };
  const set = { tenant: "main", secret: fresh.secret, holder: "me", asked: askedText(fresh), progress: progressText(fresh) };
  store.commit({ id, expect: "absent", kind: hookKind, subject: hooksOf("main"), set });
  const planted: Store & Pick<typeof store, "watch"> = {
    ...store,
    commit(change) {
      const error = change.id === id ? broken?.() : undefined;
      // What is unknown has landed here.
      const outcome = error?.code === "store_unavailable" ? undefined : store.commit(change);
      if (error !== undefined) throw error;
      return outcome ?? store.commit(change);
    },
  };
  const delivery = deliver({ store: planted, sessions: () => sessions, hosts: ["127.0.0.1"], kinds: ["api"], log: quiet }, fresh);
  later(() => delivery.stop());
  const hook = (): Hook => {
    const record = store.load(id);
    const found = record === undefined || record instanceof Promise ? undefined : hookOf(record);
    if (found === undefined) throw new Error("There is no webhook.");
    return found;
  };
  return { store, sessions, hook, delivery };
}

test(
  "an event is given up when it is a day old and the target still fails; the next is tried, and what was given up is counted",
  { timeout: 60_000 },
  async () => {
    const target = await receiver();
    target.answer((response) => void response.writeHead(500).end());
    const clock = fakeClock(Date.now() - 2 * day);
    const { sessions, hook } = await setUp({ target, clock, fields: { events: ["created"] } });
    for (let i = 0; i < 5; i++) await sessions.create();
    // One attempt for the first; the others are as old, and nobody is there.
    await expect.poll(() => hook().dropped, patient).toBe(5);
    expect(target.received).toHaveLength(1);
    target.answer((response) => void response.writeHead(200).end());
    clock.advance("2d");
    await sessions.create();
    await expect.poll(() => target.received.length, patient).toBe(2);
    await expect.poll(() => hook().last, patient).toMatchObject({ ok: true, failures: 0 });
  },
);

test("whoever took the webhook over has it alone", { timeout: 60_000 }, async () => {
  const target = await receiver();
  const { store, sessions, delivery } = await setUp({ target });
  await sessions.create();
  await expect.poll(() => target.received.length, patient).toBe(1);
  store.commit({ id: "wh_one" as SessionId, expect: "live", set: { holder: "another" } });
  await delivery.over;
  await sessions.create();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(target.received).toHaveLength(1);
  // Not even its end is written over the other's.
  await delivery.stop();
  expect(store.load("wh_one" as SessionId)).toMatchObject({ fields: { holder: "another" } });
});

test("a server that cannot write that it lives sends nothing until it can", { timeout: 60_000 }, async () => {
  const target = await receiver();
  let down = false;
  const { sessions } = await setUp({ target, broken: () => (down ? new SojournError("store_unavailable", "planted") : undefined) });
  down = true;
  await new Promise((resolve) => setTimeout(resolve, 9_000));
  await sessions.create();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(target.received).toHaveLength(0);
  down = false;
  await expect.poll(() => target.received.length, patient).toBe(1);
});

test("a write that may have landed loses no webhook", { timeout: 60_000 }, async () => {
  const target = await receiver();
  let unknown = 0;
  const { sessions, hook } = await setUp({
    target,
    broken: () => (unknown++ % 2 === 0 ? new SojournError("outcome_unknown", "planted") : undefined),
  });
  for (let i = 0; i < 5; i++) {
    await sessions.create();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await expect.poll(() => target.received.length, patient).toBe(5);
  expect(hook().holder).toBe("me");
});

test("the next attempt comes later each time, by ten minutes at most, and never at once", () => {
  const most = Array.from({ length: 2_000 }, (_, i) => retryAfter(i + 1, () => 0));
  const least = Array.from({ length: 2_000 }, (_, i) => retryAfter(i + 1, () => 1));
  expect(most.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(most.at(-1)).toBe(600_000);
  expect(most.every((ms, i) => i === 0 || ms >= (most[i - 1] ?? 0))).toBe(true);
  expect(Math.min(...least)).toBe(500);
});
