import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { failingStore, type Fault, type FaultPlan, type StoreCall } from "../testing/failing-store.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { storeUnavailable } from "./errors.ts";
import type { SessionEvents } from "./events.ts";
import type { Visit } from "./resumable.ts";
import type { Store } from "./seam.ts";
import type { Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SessionsOptions } from "./settings.ts";

interface Data {
  cart: string[];
  n: number;
}
type Options = Partial<SessionsOptions<Data>>;

const isRead = ({ verb }: StoreCall): boolean => verb === "load" || verb === "find";
const isWrite = ({ verb }: StoreCall): boolean => verb === "commit";
const isFloor = (call: StoreCall): boolean => "id" in call && /^(?:floor|marks):/.test(call.id);
const before: Fault = { fault: "before" };

for (const [name, wrap] of Object.entries({ "answers at once": (store: Store) => store, "answers later": delayed<Store> })) {
  describe(`when a store fails that ${name}`, () => {
    interface Scene {
      readonly sessions: Sessions<Data>;
      readonly clock: FakeClock;
      /** The store as it is, without faults. */
      readonly truth: Store;
      readonly calls: StoreCall[];
      readonly told: Record<"failed" | "outage" | "ended", string[]>;
      /** From now on, until it is told otherwise. */
      plan: FaultPlan;
      visit(token: string | undefined, more?: Visit): Promise<Session<Data>>;
    }
    function open(options: Options = {}): Scene {
      const truth = memoryStore();
      const clock = fakeClock();
      const calls: StoreCall[] = [];
      const store = failingStore(wrap(truth), (call) => (calls.push(call), scene.plan(call)));
      const sessions = createSessions<Data>({ clock, breaker: false, ...options, store });
      const told: Scene["told"] = { failed: [], outage: [], ended: [] };
      sessions.on("failed", ({ doing }) => told.failed.push(doing));
      sessions.on("outage", ({ of, state }: SessionEvents["outage"]) => told.outage.push(`${of} ${state}`));
      sessions.on("ended", ({ reason }) => told.ended.push(reason));
      const scene: Scene = { sessions, clock, truth, calls, told, plan: () => undefined, visit: async (token, more) => sessions.visit({ token, ...more }) };
      return scene;
    }
    async function loggedIn({ sessions, visit }: Scene): Promise<string> {
      const { token } = await sessions.create({ subject: "ada", data: { cart: ["apple"], n: 1 } });
      expect((await visit(token)).degraded).toBe(false);
      return String(token);
    }
    const refusedWith = (code: string): unknown => expect.objectContaining({ name: "SojournError", code, status: 503 });
    const unavailable = refusedWith("store_unavailable");
    const unknown = refusedWith("outcome_unknown");

    describe("each call is answered in time", () => {
      test("slow: all is as always", async () => {
        const scene = open();
        const token = await loggedIn(scene);
        scene.plan = () => ({ fault: "slow", ms: 2 });
        const session = await scene.visit(token);
        session.set("n", 2);
        await scene.sessions.settle(session);
        expect((await scene.visit(token)).get("n")).toBe(2);
      });

      test.each<[string, Fault]>([
        ["failing", before],
        ["failing with an error of its own", { fault: "throw", error: new TypeError("socket hang up") }],
        ["hanging", { fault: "hang" }],
        ["losing answers", { fault: "after" }],
        ["too slow", { fault: "slow", ms: 1_500 }],
      ])("%s: nobody is logged out, nobody is logged in, and the error says what is known", async (_, fault) => {
        const scene = open({ deadline: 300 });
        const token = await loggedIn(scene);
        const written = await scene.visit(token);
        scene.plan = () => fault;
        const write = fault.fault === "before" ? unavailable : unknown;
        written.set("n", 2);
        await Promise.all([
          expect(scene.visit(token)).rejects.toEqual(unavailable),
          expect(scene.sessions.resume(token)).rejects.toEqual(unavailable),
          expect(scene.sessions.page({ subject: "ada" })).rejects.toEqual(unavailable),
          expect((async () => scene.sessions.settle(written))()).rejects.toEqual(write),
          expect(scene.sessions.create()).rejects.toEqual(write),
          expect(scene.sessions.endAll({ subject: "ada" })).rejects.toEqual(unavailable),
        ]);
        expect((await scene.visit(undefined)).exists).toBe(false);
        scene.plan = () => undefined;
        expect((await scene.visit(token)).subject).toBe("ada");
      });
    });

    describe("an answer is lost", () => {
      test("of a creation: it stands, nobody has its token, and the next try is another session", async () => {
        const scene = open();
        let lost = true;
        scene.plan = (call) => (isWrite(call) && lost ? ((lost = false), { fault: "after" }) : undefined);
        const session = await scene.visit(undefined);
        session.set("n", 1);
        await expect(session.commit()).rejects.toEqual(unknown);
        expect([session.exists, session.token]).toEqual([false, undefined]);
        await session.commit();
        expect((await scene.visit(session.token)).get("n")).toBe(1);
        expect((await scene.truth.find({ kind: "main:web" })).records).toHaveLength(2);
      });

      test("of a logout: the session is over, and to say it again is no error", async () => {
        const scene = open({ outage: { serve: "1h" } });
        const token = await loggedIn(scene);
        const session = await scene.visit(token);
        scene.plan = (call) => (isWrite(call) ? { fault: "after" } : undefined);
        await expect(session.end()).rejects.toEqual(unknown);
        scene.plan = (call) => (isRead(call) ? before : undefined);
        await expect(scene.visit(token)).rejects.toEqual(unavailable);
        scene.plan = () => undefined;
        expect(await scene.visit(token)).toMatchObject({ exists: false, refusal: "ended" });
        await session.end();
        expect(await scene.sessions.settle(session)).toEqual({ token: undefined });
      });

      test("of a logout that lands when nobody waits any more: ended is final all the same", async () => {
        const scene = open({ deadline: 300 });
        const token = await loggedIn(scene);
        const session = await scene.visit(token);
        scene.plan = (call) => (isWrite(call) ? { fault: "hang-then-land", ms: 400 } : undefined);
        await expect(session.end()).rejects.toEqual(unknown);
        scene.plan = () => undefined;
        while ((await scene.visit(token)).exists) await new Promise((resolve) => setTimeout(resolve, 5));
        expect((await scene.visit(token)).refusal).toBe("ended");
      });

      test("of an update: it landed once, it is not tried again behind the caller's back, and the next one goes on from there", async () => {
        const scene = open();
        const token = await loggedIn(scene);
        const session = await scene.visit(token);
        scene.plan = (call) => (isWrite(call) ? { fault: "after" } : undefined);
        await expect(session.update("n", (n = 0) => n + 1)).rejects.toEqual(unknown);
        expect(scene.calls.filter(isWrite).filter((call) => !isFloor(call))).toHaveLength(2);
        scene.plan = () => undefined;
        expect((await scene.visit(token)).get("n")).toBe(2);
        expect(await session.update("n", (n = 0) => n + 1)).toBe(3);
      });

      test("of a log-in: nobody is given its token, and the one from before is worth nothing", async () => {
        const scene = open();
        const { token } = await scene.sessions.create({ data: { n: 1 } });
        const session = await scene.visit(token);
        scene.plan = (call) => (isWrite(call) ? { fault: "after" } : undefined);
        await expect(session.authenticate("ada")).rejects.toEqual(unknown);
        expect([session.token, await scene.sessions.settle(session)]).toEqual([undefined, undefined]);
        scene.plan = () => undefined;
        expect(await scene.visit(token)).toMatchObject({ exists: false, refusal: "replaced" });
      });

      test("of the look at the floors after a log-in: it is not known whether it may live, so nobody is given it and its place is freed", async () => {
        const scene = open({ limit: { perSubject: 1 } });
        const anonymous = await scene.visit((await scene.sessions.create()).token);
        for (const begin of [() => scene.sessions.create({ subject: "ada" }), () => anonymous.authenticate("ada")]) {
          scene.plan = (call) => (isFloor(call) && isRead(call) ? before : undefined);
          await expect(begin()).rejects.toEqual(unknown);
          scene.plan = () => undefined;
          await expect.poll(() => scene.told.ended.pop()).toBe("revoked");
          expect((await scene.sessions.page({ subject: "ada" })).sessions).toEqual([]);
        }
        expect([anonymous.token, anonymous.exists, await scene.sessions.settle(anonymous)]).toEqual([undefined, false, undefined]);
      });
    });

    describe("what nobody waits for", () => {
      test("a touch that failed is tried again by the next request, so that nobody active seems idle", async () => {
        const scene = open({ idle: "10m", touch: "1m" });
        const token = await loggedIn(scene);
        scene.plan = (call) => (isWrite(call) ? before : undefined);
        for (let minutes = 0; minutes < 8; minutes += 4) {
          scene.clock.advance("4m");
          expect((await scene.visit(token)).subject).toBe("ada");
        }
        scene.plan = () => undefined;
        await (await scene.visit(token)).commit();
        scene.clock.advance("9m");
        expect((await scene.visit(token)).subject).toBe("ada");
        expect(scene.told.failed).toEqual(["touch a session", "touch a session"]);
      });

      test("while writes are given up, no request tells of its touch again", async () => {
        const scene = open({ idle: "3h", touch: "1m", breaker: { after: 2, longest: "1h" } });
        const token = await loggedIn(scene);
        scene.plan = (call) => (isWrite(call) ? before : undefined);
        scene.clock.advance("4m");
        for (let n = 0; n < 20; n++) expect((await scene.visit(token)).subject).toBe("ada");
        expect(scene.told.outage).toEqual(["writes down"]);
        expect(scene.told.failed.length).toBeLessThan(5);
        // Nor is there anything to settle for a rotation that is due.
        scene.clock.advance("2h");
        let pending = 0;
        await scene.visit(token, { rotates: true, onPending: () => void pending++ });
        expect(pending).toBe(0);
      });

      test("a due rotation that cannot be written fails no answer; it comes with a later one", async () => {
        const scene = open({ rotation: { every: "10m" } });
        const token = await loggedIn(scene);
        scene.clock.advance("11m");
        scene.plan = (call) => (isWrite(call) ? before : undefined);
        const session = await scene.visit(token, { rotates: true });
        expect(await scene.sessions.settle(session)).toBeUndefined();
        expect(scene.told.failed).toContain("offer a successor");
        scene.plan = () => undefined;
        const back = await scene.sessions.settle(await scene.visit(token, { rotates: true }));
        expect((await scene.visit(back?.token)).subject).toBe("ada");
      });

      test("an expired session is expired, and one below a floor is ended, also if that cannot be written down", async () => {
        const scene = open({ idle: "10m" });
        const [one, other] = [await loggedIn(scene), await loggedIn(scene)];
        scene.plan = (call) => (isWrite(call) && !isFloor(call) ? before : undefined);
        scene.clock.advance("1m");
        await expect(scene.sessions.endAll({ subject: "ada" })).rejects.toEqual(unavailable);
        expect(await scene.visit(one)).toMatchObject({ exists: false, refusal: "ended" });
        scene.clock.advance("10m");
        expect(await scene.visit(other)).toMatchObject({ exists: false, refusal: "expired" });
        await expect.poll(() => scene.told.failed).toEqual(expect.arrayContaining(["end a session below a floor", "end an expired session"]));
      });

      test("the sweep asks once a tick, and goes on when the store is back", async () => {
        const scene = open({ sweep: 1, idle: "10m" });
        const token = await loggedIn(scene);
        scene.plan = (call) => (call.verb === "find" ? before : undefined);
        scene.clock.advance("11m");
        const asked = scene.calls.length;
        await scene.sessions.run();
        await expect.poll(() => scene.told.failed.length).toBeGreaterThan(3);
        expect(scene.calls.length - asked).toBeLessThanOrEqual(scene.told.failed.length + 1);
        scene.plan = () => undefined;
        await expect.poll(() => scene.told.ended).toEqual(["idle"]);
        await scene.sessions.close();
        expect((await scene.visit(token)).refusal).toBe("expired");
      });
    });

    describe("for long", () => {
      test("it is left alone after 5 failures, tried again, and used again when it answers, without a restart", async () => {
        const scene = open({ breaker: {} });
        const token = await loggedIn(scene);
        scene.plan = (call) => (isRead(call) ? before : undefined);
        let leftAlone = 0;
        for (let n = 0; n < 50; n++) {
          const asked = scene.calls.length;
          const error = (await scene.visit(token).catch((given: unknown) => given)) as Error;
          expect(error).toEqual(unavailable);
          if (n < 5) expect(error.message).not.toContain("left alone");
          if (!error.message.includes("failed reads in a row it is left alone")) continue;
          expect(scene.calls).toHaveLength(asked);
          leftAlone++;
        }
        expect(leftAlone).toBeGreaterThan(0);
        expect(scene.told.outage).toEqual(["reads down"]);
        // A store may write and not read.
        await scene.sessions.create();
        scene.plan = () => undefined;
        await expect.poll(async () => scene.visit(token).catch(() => undefined), { interval: 5 }).toMatchObject({ subject: "ada" });
        expect(scene.told.outage).toEqual(["reads down", "reads up"]);
      });

      test("a store that hangs holds up the first calls only", async () => {
        const scene = open({ breaker: { after: 3, longest: "1h" }, deadline: 300 });
        const token = await loggedIn(scene);
        scene.plan = () => ({ fault: "hang" });
        await Promise.all([1, 2, 3].map(() => expect(scene.visit(token)).rejects.toThrow("load took longer than 300 ms")));
        await Promise.all([1, 2].map(() => expect(scene.visit(token)).rejects.toThrow(/left alone|took longer/)));
        await expect(scene.visit(token)).rejects.toThrow("failed reads in a row it is left alone");
        await expect(scene.sessions.create()).rejects.toEqual(unknown);
      });

      test("a refusal is an answer, and what a store does not take says nothing of it", async () => {
        const scene = open({ breaker: { after: 1 }, limit: { perSubject: 1 } });
        const token = await loggedIn(scene);
        await expect(scene.sessions.create({ subject: "ada" })).rejects.toMatchObject({ code: "limit_reached" });
        await expect(scene.sessions.create({ data: { n: Number.NaN } })).rejects.toMatchObject({ code: "invalid_field" });
        expect((await scene.visit(token)).subject).toBe("ada");
        expect(scene.told.outage).toEqual([]);
      });
    });

    describe("and the manager may serve from memory", () => {
      const reads: FaultPlan = (call) => (isRead(call) ? before : undefined);
      const serving = (options: Options = {}): Scene => open({ outage: { serve: "30s" }, ...options });

      test("a session that it saw alive a moment ago, read-only and marked, without a word to the store", async () => {
        const scene = serving({ touch: 1, rotation: { every: 1 } });
        const token = await loggedIn(scene);
        const kept = await scene.visit(token);
        kept.flash("notice", "hello");
        await scene.sessions.settle(kept);
        await scene.visit(token);
        scene.clock.advance("29s");
        scene.plan = reads;
        const writes = scene.calls.filter(isWrite).length;
        const session = await scene.visit(token, { rotates: true });
        expect(session).toMatchObject({ exists: true, degraded: true, subject: "ada", token: undefined });
        expect([{ ...session.data }, session.flash("notice"), session.flash("notice")]).toEqual([{ cart: ["apple"], n: 1 }, "hello", "hello"]);
        for (const write of [
          () => session.set("n", 2),
          () => session.delete("n"),
          () => session.flash("notice", "x"),
          () => session.update("n", () => 2),
          () => session.authenticate("eve"),
          () => session.elevate("admin"),
          () => session.rotate(),
          () => session.end(),
        ]) {
          const refused = (async () => write())();
          await expect(refused).rejects.toEqual(unavailable);
          await expect(refused).rejects.toThrow("served from memory, read-only");
        }
        await session.commit();
        expect(await scene.sessions.settle(session)).toBeUndefined();
        expect(scene.calls.filter(isWrite)).toHaveLength(writes);
        scene.plan = () => undefined;
        expect(await scene.visit(token)).toMatchObject({ subject: "ada", degraded: false });
        expect((await scene.visit(token)).get("n")).toBe(1);
      });

      test("by default it does not", async () => {
        const scene = open();
        const token = await loggedIn(scene);
        scene.plan = reads;
        await expect(scene.visit(token)).rejects.toEqual(unavailable);
      });

      test("also while the store is left alone, and when it is the floors that cannot be read", async () => {
        const scene = serving({ breaker: { after: 1, longest: "1h" } });
        const token = await loggedIn(scene);
        scene.clock.advance("2s");
        scene.plan = (call) => (isFloor(call) ? before : undefined);
        expect(await scene.visit(token)).toMatchObject({ subject: "ada", degraded: true });
        const asked = scene.calls.length;
        expect(await scene.visit(token)).toMatchObject({ subject: "ada", degraded: true });
        expect(scene.calls).toHaveLength(asked);
      });

      test("not for longer than it says, counted from when the store last confirmed it, and not by a clock that jumps back", async () => {
        for (const jump of [(clock: FakeClock) => clock.advance("31s"), (clock: FakeClock) => ((now) => (clock.now = () => now - 31_000))(clock.now())]) {
          const scene = serving();
          const token = await loggedIn(scene);
          scene.plan = reads;
          expect((await scene.visit(token)).degraded).toBe(true);
          jump(scene.clock);
          await expect(scene.visit(token)).rejects.toEqual(unavailable);
        }
      });

      test("not past its own deadline", async () => {
        const scene = serving({ idle: "10s" });
        const token = await loggedIn(scene);
        scene.plan = reads;
        scene.clock.advance("9s");
        expect((await scene.visit(token)).degraded).toBe(true);
        scene.clock.advance("2s");
        await expect(scene.visit(token)).rejects.toEqual(unavailable);
      });

      test("with a secret offered just now, and with the old one in its grace; with no other, and nobody is told that they are logged out", async () => {
        const scene = serving({ rotation: { every: "1s" } });
        const token = await loggedIn(scene);
        scene.clock.advance("2s");
        const back = await scene.sessions.settle(await scene.visit(token, { rotates: true }));
        scene.plan = reads;
        for (const good of [String(back?.token), token]) expect((await scene.visit(good)).subject).toBe("ada");
        const wrong = `${token.slice(0, 27)}${"A".repeat(32)}`;
        await expect(scene.visit(wrong)).rejects.toEqual(unavailable);
        const strange = (await open().sessions.create()).token;
        await expect(scene.visit(strange)).rejects.toEqual(unavailable);
        expect(await scene.visit("nonsense")).toMatchObject({ exists: false, refusal: "malformed" });
        expect((await scene.visit(undefined)).exists).toBe(false);
      });

      test("not what no visit has seen yet, though a listing has", async () => {
        const scene = serving();
        const { token } = await createSessions<Data>({ store: scene.truth, clock: scene.clock }).create({ subject: "ada" });
        expect((await scene.sessions.page({ subject: "ada" })).sessions).toHaveLength(1);
        scene.plan = reads;
        await expect(scene.visit(token)).rejects.toEqual(unavailable);
      });

      test("nothing that this process has ended, one by one or all at once, or was told to end", async () => {
        const scene = serving();
        const tokens = await Promise.all([1, 2, 3, 4].map(() => loggedIn(scene)));
        const [first, second, third, fourth] = (await Promise.all(tokens.map((token) => scene.visit(token)))) as [
          Session<Data>,
          Session<Data>,
          Session<Data>,
          Session<Data>,
        ];
        await first.end();
        await scene.sessions.end({ id: String(second.id) });
        scene.plan = (call) => (isWrite(call) ? before : undefined);
        await expect(third.end()).rejects.toEqual(unavailable);
        scene.plan = reads;
        for (const token of tokens.slice(0, 3)) await expect(scene.visit(token)).rejects.toEqual(unavailable);
        expect((await scene.visit(tokens[3])).id).toBe(fourth.id);
        // The floor is written and nothing more: what is known of it counts.
        scene.plan = (call) => (isFloor(call) ? undefined : before);
        scene.clock.advance(1);
        await expect(scene.sessions.endAll({ subject: "ada" })).rejects.toEqual(unavailable);
        await expect(scene.visit(tokens[3])).rejects.toEqual(unavailable);
      });

      test("what another process ended meanwhile, for as long as it says: the price", async () => {
        const scene = serving();
        const token = await loggedIn(scene);
        const elsewhere = createSessions<Data>({ store: scene.truth, clock: scene.clock });
        scene.plan = reads;
        await elsewhere.endAll({ subject: "ada" });
        expect((await scene.visit(token)).subject).toBe("ada");
        scene.clock.advance("31s");
        await expect(scene.visit(token)).rejects.toEqual(unavailable);
        scene.plan = () => undefined;
        expect((await scene.visit(token)).refusal).toBe("ended");
      });
    });
  });
}

test("an answer that was on its way while this process ended the session does not make it one to be served from memory", async () => {
  const truth = memoryStore();
  let held: Promise<void> | undefined;
  let down = false;
  const store: Store = {
    ...truth,
    load(id) {
      if (down) throw storeUnavailable("the test took it away");
      const record = truth.load(id);
      return held === undefined ? record : held.then(() => record);
    },
  };
  const sessions = createSessions<Data>({ store, outage: { serve: "1h" } });
  const { token, id } = await sessions.create({ data: { n: 1 } });
  await sessions.resume(String(token));
  let release = (): void => undefined;
  held = new Promise((resolve) => (release = resolve));
  const slow = sessions.resume(String(token));
  held = undefined;
  expect(await sessions.end({ id: String(id) })).toBe(true);
  release();
  expect((await slow)?.exists).toBe(true);
  down = true;
  await expect(sessions.resume(String(token))).rejects.toMatchObject({ code: "store_unavailable" });
});

test("a store whose answers all come too late is left alone: an answer that nobody waited for is none", async () => {
  let late = false;
  const store = failingStore(memoryStore(), () => (late ? { fault: "slow", ms: 80 } : undefined));
  const sessions = createSessions<Data>({ store, deadline: 60, breaker: { after: 3, longest: "1h" } });
  const { token } = await sessions.create({ data: { n: 1 } });
  late = true;
  const told: string[] = [];
  sessions.on("outage", ({ of, state }) => told.push(`${of} ${state}`));
  for (let n = 0; n < 3; n++) await expect(sessions.resume(String(token))).rejects.toThrow("load took longer than 60 ms");
  expect(told).toEqual(["reads down"]);
});

test.each<[object, string]>([
  [{ outage: "serve" }, 'outage is "serve"'],
  [{ outage: { serve: 0 } }, "outage.serve is 0"],
  [{ breaker: { after: 0 } }, "breaker.after is 0"],
  [{ breaker: { longest: "soon" } }, 'breaker.longest is "soon"'],
])("%j is refused", (options, message) => {
  expect(() => createSessions({ store: memoryStore(), ...options })).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) as unknown }),
  );
});
