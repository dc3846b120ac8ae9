import { readFileSync } from "node:fs";
import { newNats, startNats, type NatsServer } from "@sojourn/peers/nats";
import { missing } from "@sojourn/peers/programs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SessionId, SessionRecord, StoreEvent } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { storeContract } from "../../testing/store-contract.ts";
import { bucketOn } from "./bucket.ts";
import { feed } from "./feed.ts";
import { follow } from "./follow.ts";
import { forget } from "./forgetting.ts";
import { placeKey, sessionKey } from "./keys.ts";
import type { Child } from "../child.fixture.ts";
import { natsChild } from "./nats-child.fixture.ts";
import { members, tell, until, type Members } from "./nats.fixture.ts";
import type { NatsClient, NatsConnection, NatsStore } from "./nats.ts";
import { replica } from "./replica.ts";

const absent = missing("nats-server", "nats-server");
const ended = '{"at":1,"reason":"closed"}';
type Loaded = { readonly record?: SessionRecord; readonly at: "leader" | "replica" };

describe.skipIf(absent !== undefined)(absent === undefined ? "members" : `members: ${absent}`, () => {
  let server: NatsServer;
  let all: Members;
  const children: Child[] = [];
  beforeAll(async () => {
    server = await startNats();
    all = members(() => [server.url]);
  });
  afterEach(async () => {
    for (const one of children.splice(0)) await one.kill();
  });
  afterAll(async () => {
    await all.close();
    await server.stop();
  });
  async function child(options: object): Promise<Child> {
    const started = await natsChild([server.url], options);
    children.push(started);
    return started;
  }
  async function created(store: NatsStore, count: number, more?: object): Promise<SessionId[]> {
    const ids = Array.from({ length: count }, newId);
    await Promise.all(ids.map((id) => store.commit({ id, expect: "absent", kind: "k", ...more })));
    return ids;
  }

  test("what each verb costs in requests", async () => {
    const options = { bucket: "costs" };
    const [{ store: a, requests }, { store: b }] = [await all.open(options), await all.open(options)];
    const replicas = await all.open({ ...options, reads: "replica" });
    const costs: Record<string, number> = {};
    const cost = async (what: string, act: () => unknown, of = requests): Promise<void> => {
      of();
      await act();
      costs[what] = of();
    };
    const [id, second, third] = [newId(), newId(), newId()];
    await cost("create", () => a.commit({ id, expect: "absent", kind: "k" }));
    await cost("load", () => a.load(id));
    await cost("merge", () => a.commit({ id, expect: "live", set: { a: "1" } }));
    await cost("compare-and-set", () => a.commit({ id, expect: 2, set: { a: "2" } }));
    await b.commit({ id, expect: "live", set: { b: "1" } });
    // The stream has told it, or the compare-and-set finds out.
    await until("the other's merge", async () => (await replicas.store.load(id))?.version === 4);
    await cost("merge, refused", () => a.commit({ id, expect: 3, set: { a: "2" } }));
    await cost("log-in with a limit", () => a.commit({ id: second, expect: "absent", kind: "k", subject: "s", subjectLimit: 1, claim: ["a"] }));
    await cost("log-in, full, one holder", () => a.commit({ id: third, expect: "absent", kind: "k", subject: "s", subjectLimit: 1 }));
    await cost("create with a kind's limit", () => a.commit({ id: third, expect: "absent", kind: "k", kindLimit: 9 }));
    await cost("find by alias", () => a.find({ alias: "a" }));
    await cost("find by subject", () => a.find({ subject: "s" }));
    await cost("find by kind", () => a.find({ kind: "k" }));
    await cost("what is due", () => a.find({ wakeBefore: 1 }));
    await cost("count", () => a.count({ kind: "k" }));
    await cost("end, answered", () => a.commit({ id: second, expect: "live", ended }));
    await cost("erase", () => a.commit({ id, expect: 4, erase: true }));
    for (const [what, act] of [
      ["load", () => replicas.store.load(third)],
      ["find", () => [replicas.store.find({ kind: "k" }), replicas.store.find({ wakeBefore: 9 })]],
      ["count", () => replicas.store.count({ kind: "k" })],
    ] as const)
      await cost(`${what}, of the replica`, act, replicas.requests);
    tell(`NATS, requests of each verb: ${JSON.stringify(costs)}`);
    expect(costs).toMatchObject({
      create: 1,
      load: 1,
      merge: 1,
      "compare-and-set": 1,
      "find by kind": 1,
      "load, of the replica": 0,
      "find, of the replica": 0,
      "count, of the replica": 0,
    });
    expect(costs["log-in with a limit"]).toBe(3);
  });

  test("a load of the replica is synchronous, gives the same object until the record changes, and costs little more than a Map lookup", async () => {
    const { store } = await all.open({ bucket: "speed", reads: "replica" });
    const ids = await created(store, 2_000, { set: { cart: "[]" } });
    const [id] = ids as [SessionId];
    expect(store.load(id)).toBe(store.load(id));
    const outcome = await store.commit({ id, expect: "live", set: { a: "1" } });
    expect(store.load(id)).toBe(outcome.ok && outcome.record);
    const map = new Map(ids.map((one) => [one, store.load(one)]));
    const timed = async (look: (one: SessionId) => unknown, alone: boolean): Promise<number> => {
      let found = 0;
      const began = performance.now();
      for (let round = 0; round < (alone ? 20 : 100); round++) {
        for (const one of ids) {
          if (look(one) !== undefined) found++;
          if (alone) await undefined;
        }
      }
      return ((performance.now() - began) * 1e6) / found;
    };
    for (const alone of [false, true]) {
      const ratios: number[] = [];
      let last = "";
      for (let round = 0; round < 9; round++) {
        const [plain, load] = [await timed((one) => map.get(one), alone), await timed((one) => store.load(one), alone)];
        ratios.push(load / plain);
        last = `${load.toFixed(0)} ns, a Map lookup ${plain.toFixed(0)} ns`;
        await new Promise((resolve) => setImmediate(resolve));
      }
      ratios.sort((x, y) => x - y);
      const [least, median, most] = [0, 4, 8].map((i) => (ratios[i] as number).toFixed(2));
      tell(`NATS, a load of the replica, ${alone ? "each after a wait" : "many in one turn"}: ${last}; ratio ${median} (${least} to ${most})`);
      expect(ratios[4]).toBeLessThan(15);
    }
  });

  test("100 merges at once of each of two members, of one session: none is lost, and each is told", async () => {
    const options = { bucket: "merges" };
    const [a, b] = [(await all.open(options)).store, (await all.open(options)).store];
    const [id] = (await created(a, 1)) as [SessionId];
    const heard: StoreEvent[] = [];
    b.watch((event) => event !== "gap" && heard.push(event));
    const began = performance.now();
    const outcomes = await Promise.all(
      [a, b].flatMap((store, s) => Array.from({ length: 100 }, (_, i) => store.commit({ id, expect: "live", set: { [`${s}-${i}`]: "1" } }))),
    );
    tell(`NATS, 2 x 100 merges of one session at once: ${(performance.now() - began).toFixed(0)} ms`);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    const record = await a.load(id);
    expect([record?.version, Object.keys(record?.fields ?? {}).length]).toEqual([201, 200]);
    await until("all events", () => heard.at(-1)?.version === 201);
    const versions = heard.map(({ version }) => version);
    expect(versions[0]).toBeLessThanOrEqual(2);
    expect(versions).toEqual(Array.from({ length: versions.length }, (_, i) => (versions[0] as number) + i));
  });

  test("a member that was stopped while others wrote does not know it, and its replica catches up before it is read", async () => {
    const options = { bucket: "paused" };
    const { store } = await all.open(options);
    const ids = await created(store, 50, { claim: undefined });
    const [first, second] = ids as [SessionId, SessionId];
    const other = await child({ ...options, reads: "replica", lag: 2_000 });
    expect(await other.ask("load", first)).toMatchObject({ record: { version: 1 }, at: "replica" });
    const asked = other.ask("stopThenLoad", first) as Promise<Loaded>;
    const pid = other.process.pid as number;
    if (process.platform === "linux") await until("that it has stopped", () => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));
    await Promise.all(ids.map((id) => store.commit({ id, expect: "live", ended })));
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    other.process.kill("SIGCONT");
    // The very first answer after the pause: the replica has not been told yet, and knows that it may not have been.
    expect(await asked).toMatchObject({ record: { ended }, at: "leader" });
    await until("the replica", async () => {
      const { record, at } = (await other.ask("load", second)) as Loaded;
      return at === "replica" && record?.ended === ended;
    });
  }, 30_000);

  test("a process that is killed between its reservations and its commit is in the way for the grace, and no longer", async () => {
    const options = { bucket: "killed", grace: 500 };
    const { store } = await all.open(options);
    const dying = await child(options);
    const lost = newId();
    await expect(dying.ask("dieBeforeCommit", { id: lost, expect: "absent", kind: "k", claim: ["alias"], subject: "s", subjectLimit: 1 })).rejects.toThrow(
      "gone",
    );
    const claim = { expect: "absent", kind: "k", claim: ["alias"], subject: "s", subjectLimit: 1 } as const;
    const early = await store.commit({ id: newId(), ...claim });
    const began = performance.now();
    await until("room", async () => (await store.commit({ id: newId(), ...claim })).ok);
    tell(`NATS, grace 500 ms: at once ${early.ok ? "ok" : early.why}, free after ${(performance.now() - began).toFixed(0)} ms`);
    expect(await store.load(lost)).toBeUndefined();
    expect((await store.find({ alias: "alias" })).records).toHaveLength(1);
  });

  test("a process that slept past the grace between its reservations and its commit does not get what another took meanwhile", async () => {
    const options = { bucket: "slept", grace: 100 };
    const { store } = await all.open(options);
    const sleeper = await child(options);
    let said = "";
    sleeper.process.stdout?.on("data", (text: Buffer) => (said += text.toString()));
    const late = newId();
    const outcome = sleeper.ask("sleepBeforeCommit", { id: late, expect: "absent", kind: "k", claim: ["alias"] });
    await until("that it sleeps", () => said.includes("asleep"));
    const id = newId();
    await until("the alias", async () => (await store.commit({ id, expect: "absent", kind: "k", claim: ["alias"] })).ok);
    sleeper.process.kill("SIGCONT");
    expect(await outcome).toMatchObject({ ok: false, why: "taken" });
    expect(await store.load(late)).toBeUndefined();
    expect((await store.find({ alias: "alias" })).records.map((record) => record.id)).toEqual([id]);
  });

  test("three races of two processes each", async () => {
    const options = { bucket: "races" };
    const { store } = await all.open(options);
    const both = [await child(options), await child(options)] as const;
    const [id] = (await created(store, 1)) as [SessionId];
    await Promise.all(both.map((one, i) => one.ask("job", { job: "merge", params: { id, mark: `m${i}-`, count: 60 } })));
    await Promise.all(both.map((one) => one.ask("job", { job: "increment", params: { id, count: 30 } })));
    const record = await store.load(id);
    expect([record?.version, record?.fields["n"], Object.keys(record?.fields ?? {}).length]).toEqual([181, "60", 121]);
    const change = { kind: "limited", subject: "s", subjectLimit: 3, kindLimit: 3, claim: undefined };
    const begun = await Promise.all(both.map((one) => one.ask("job", { job: "begin", params: { change, count: 25 } }) as Promise<{ readonly word: string }[]>));
    expect(begun.flat().filter(({ word }) => word === "ok")).toHaveLength(3);
    expect((await store.find({ subject: "s" })).records).toHaveLength(3);
  }, 30_000);

  describe("members that begin their replicas anew in the middle of everything keep what concerns names and limits", () => {
    let begun = 0;
    /** The real client, that now and then takes the stream for another one. */
    const doubting = (nats: NatsClient): NatsClient => ({
      jetstream: nats.jetstream,
      connection: new Proxy(nats.connection, {
        get(target, name) {
          if (name !== "request") {
            const value = Reflect.get(target, name, target) as unknown;
            return typeof value === "function" ? (value as () => unknown).bind(target) : value;
          }
          return async (...args: Parameters<NatsConnection["request"]>) => {
            const answer = await target.request(...args);
            if (!args[0].includes("STREAM.INFO") || ++begun % 7 !== 0) return answer;
            return {
              data: Buffer.from(
                Buffer.from(answer.data)
                  .toString()
                  .replace(/"created":"\d{4}/, '"created":"1999'),
              ),
            };
          };
        },
      }),
    });
    let views: NatsStore[] = [];
    beforeAll(async () => {
      const open = async (): Promise<NatsStore> => (await all.open({ bucket: "doubting" }, undefined, doubting)).store;
      // Filling takes its time.
      const many = await all.open({ bucket: "doubting" });
      for (let i = 0; i < 3; i++) await created(many.store, 1_000, { kind: "ballast" });
      views = [await open(), await open()];
    });
    let next = 0;
    const harness = { open: () => views[next++ % 2] as NatsStore };
    for (const [promise, check] of Object.entries(storeContract).filter(([name]) => /^(kindLimit|subjectLimit|claim|count)/.test(name)))
      test(promise, async () => void (await check(harness)), 60_000);
    test("and did", () => expect(begun).toBeGreaterThan(50));
  });

  test("what erased sessions and empty places leave is taken away without a trace, and no live one is", async () => {
    const name = "husks";
    const { store } = await all.open({ bucket: name });
    const stay = await created(store, 3, { subject: "stays" });
    const gone = await created(store, 40, { subject: "goes", wake: 9 });
    for (const id of gone) await store.commit({ id, expect: "live", erase: true });
    const client = await all.client();
    const bucket = bucketOn(client, name, 2_000, () => false);
    const events = feed(10);
    const copies = replica(events);
    const following = await follow(client, bucket, copies, events, 2_000);
    try {
      const messages = async (): Promise<number> =>
        (await bucket.ask<{ readonly state: { readonly messages: number } }>(`STREAM.INFO.${bucket.stream}`, {})).state.messages;
      // meta, 3 + 40 sessions, 2 subjects, when the last removal from the subject has landed
      await until("that nobody is in the place", async () => (await following.fresh(() => copies.place(placeKey("ugoes"))?.entries.length)) === 0);
      expect(await messages()).toBe(46);
      await forget(bucket, copies, false, performance.now() + 60_000);
      expect(await messages()).toBe(46);
      await forget(bucket, copies, false, performance.now() + 3_600_000);
      expect(await messages()).toBe(5);
      expect(copies.session(gone[0] as SessionId)).toBeUndefined();
      expect((await store.find({ subject: "stays" })).records.map(({ id }) => id).toSorted()).toEqual(stay.toSorted());
      // The first member still believes in the husk, and finds out.
      const [again] = gone as [SessionId];
      expect(await store.commit({ id: again, expect: "absent", kind: "k", subject: "goes" })).toMatchObject({ ok: true, version: 1 });
      // A member that comes now reads to the end, though the stream's last messages are not there.
      const { store: newcomer } = await all.open({ bucket: name });
      expect((await newcomer.find({ kind: "k" })).records).toHaveLength(4);
      await newcomer.commit({ id: again, expect: "live", erase: true });
      await following.fresh(() => undefined);
      await until("the last husk", async () => {
        await forget(bucket, copies, false, performance.now() + 3_600_000);
        return (await messages()) === 5;
      });
      const began = performance.now();
      expect((await (await all.open({ bucket: name })).store.find({ kind: "k" })).records).toHaveLength(3);
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      following.close();
    }
  }, 30_000);

  test("scrub finds and puts right entries that are missing, dead or by another nonce", async () => {
    const name = "scrubbed";
    const { store } = await all.open({ bucket: name, grace: 50 });
    const client = await all.client();
    const put = async (key: string, text: string): Promise<void> => {
      const stored = await bucketOn(client, name, 2_000, () => false).read(key);
      await client.jetstream.publish(`$KV.${name}.${key}`, text, { timeout: 2_000, expect: { lastSubjectSequence: stored?.revision ?? 0 } });
    };
    const [one, two, three] = [newId(), newId(), newId()];
    for (const [i, id] of [one, two, three].entries()) await store.commit({ id, expect: "absent", kind: "k", subject: "s", claim: [`alias${i}`] });
    expect(await store.scrub()).toEqual({ records: 3, missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] });
    await put(placeKey("aalias0"), "");
    await put(
      placeKey("aalias1"),
      JSON.stringify({
        p: "aalias1",
        l: [
          [two, "othernonce", 1],
          [three, "deadnonce", 1],
        ],
      }),
    );
    await put(placeKey("aghost"), JSON.stringify({ p: "aghost", l: [[newId(), "n", 1]] }));
    expect((await store.find({ alias: "alias0" })).records).toHaveLength(0);
    const progress: unknown[] = [];
    expect(await store.scrub({ progress: (so) => progress.push(so) })).toMatchObject({ missing: 2, dead: 3, repaired: 0 });
    expect(progress.length).toBeGreaterThan(0);
    const { missing: lacking, dead, repaired } = await store.scrub({ repair: true });
    expect([lacking, dead >= 2, repaired >= 4]).toEqual([2, true, true]);
    expect(await store.scrub()).toMatchObject({ records: 3, missing: 0, dead: 0, conflicts: [] });
    for (const [i, id] of [one, two, three].entries()) expect((await store.find({ alias: `alias${i}` })).records.map((record) => record.id)).toEqual([id]);
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["ghost"] })).toMatchObject({ ok: true });
  });

  test("two holders of one alias are named", async () => {
    const name = "conflict";
    const { store } = await all.open({ bucket: name });
    const client = await all.client();
    const [one, two] = [newId(), newId()].toSorted() as [SessionId, SessionId];
    await store.commit({ id: one, expect: "absent", kind: "k", claim: ["alias"] });
    const record = { v: 1, k: "k", a: ["alias"], f: {} };
    await client.jetstream.publish(`$KV.${name}.${sessionKey(two)}`, JSON.stringify({ r: record, h: { aalias: "n" }, c: 1 }), {
      timeout: 2_000,
      expect: { lastSubjectSequence: 0 },
    });
    const { conflicts } = await store.scrub({ repair: true });
    expect(conflicts.map(({ alias, ids }) => [alias, ids.toSorted()])).toEqual([["alias", [one, two]]]);
  });

  test("a replica of 20,000 sessions is there when the store is", async () => {
    const options = { bucket: "many" };
    const { store } = await all.open(options);
    const set = { cart: "x".repeat(300) };
    for (let i = 0; i < 20; i++) await created(store, 1_000, { set, wake: 1e12 + i });
    const began = performance.now();
    const { store: other } = await all.open({ ...options, reads: "replica" });
    const took = performance.now() - began;
    tell(`NATS, a member joins 20,000 sessions of 300 bytes: ${took.toFixed(0)} ms, ${(20_000 / took).toFixed(0)} a ms`);
    expect(other.count({ kind: "k" })).toBe(20_000);
  }, 60_000);
});

const newer = await newNats();
const none = "missing" in newer ? newer.missing : undefined;
test.skipIf(none !== undefined)(`a newer server takes away what holds nothing by itself${none === undefined ? "" : `: ${none}`}`, async () => {
  const server = await startNats("program" in newer ? newer : {});
  const all = members(() => [server.url]);
  try {
    const { store } = await all.open();
    const client = await all.client();
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    const headers = async (): Promise<string> => {
      const question = JSON.stringify({ last_by_subj: `$KV.sojourn.s.${id}` });
      const { data } = await client.connection.request("$JS.API.STREAM.MSG.GET.KV_sojourn", question, { timeout: 2_000 });
      const { message } = JSON.parse(Buffer.from(data).toString()) as { readonly message: { readonly hdrs?: string } };
      return Buffer.from(message.hdrs ?? "", "base64").toString();
    };
    expect(await headers()).not.toContain("Nats-TTL");
    await store.commit({ id, expect: "live", erase: true });
    expect(await headers()).toContain("Nats-TTL: 360s");
    await store.commit({ id, expect: "absent", kind: "k" });
    expect(await headers()).not.toContain("Nats-TTL");
  } finally {
    await all.close();
    await server.stop();
  }
});
