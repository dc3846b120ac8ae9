import { missingRedis, startRedis, type RedisServer } from "@sojourn/peers/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ScrubProgress, ScrubReport, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import type { Place } from "../places.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { entryOf, keysFor, nameOf } from "./keys.ts";
import { redisStore, type RedisStore } from "./redis.ts";

const reason = missingRedis();
const clean: Omit<ScrubReport, "records"> = { missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] };

describe.skipIf(reason !== undefined)(`scrub${reason === undefined ? "" : `: ${reason}`}`, () => {
  let server: RedisServer;
  let connected: Connected;
  let store: RedisStore;
  let ask: RedisServer["ask"];
  const keys = keysFor("sj", { shards: 8, buckets: 4 });
  const bucketOf = (id: SessionId): string => keys.of(id).index + keys.bucket(id);
  beforeAll(async () => {
    server = await startRedis();
    ask = server.ask;
    connected = await connections["node-redis"]([server.url]);
  });
  afterAll(async () => {
    connected.close();
    await server.stop();
  });
  beforeEach(async () => {
    await ask("FLUSHALL");
    store = redisStore(connected.client, { shards: 8, buckets: 4, grace: 50 });
  });
  afterEach(() => store.close());

  const begun = async (count: number, more: (i: number) => object = () => ({})): Promise<SessionId[]> => {
    const ids = Array.from({ length: count }, newId).toSorted();
    for (const [i, id] of ids.entries()) expect(await store.commit({ id, expect: "absent", kind: "main:web", ...more(i) })).toMatchObject({ ok: true });
    return ids;
  };
  /** Takes all entries of a place away. */
  async function forget(place: Place): Promise<void> {
    const { key, name } = keys.place(place);
    await ask("ZREMRANGEBYLEX", key, `[${name}`, `(${name}\u{10ffff}`);
  }
  /** Puts an entry into a place, or into another's key, of long ago. */
  async function plant(place: Place, id: SessionId, { key, name } = keys.place(place), nonce = "planted"): Promise<void> {
    await ask("ZADD", key, "0", `${name}${id}\u0000000000000001${nonce}`);
  }
  const late = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));

  /** Finds without writing, then repairs what can be, then finds nothing more. */
  async function found(expected: Partial<ScrubReport>, afterwards: Partial<ScrubReport> = {}): Promise<void> {
    await late();
    const first = await store.scrub();
    expect(first).toMatchObject({ ...clean, ...expected, repaired: 0 });
    expect(await store.scrub()).toEqual(first);
    const repairs = first.missing + first.dead + first.miscounted;
    expect(await store.scrub({ repair: true })).toEqual({ ...first, repaired: repairs });
    expect(await store.scrub()).toEqual({ ...clean, records: first.records, ...afterwards });
  }

  it("what is sound is left as it is: sessions live and ended, with names that are not plain", async () => {
    const ids = await begun(300, (i) => ({
      kind: `main:${i % 3}`,
      subject: i % 2 === 0 ? `main:Zoë ${i % 7}` : `main:${"s".repeat(300)}`,
      wake: (i - 300) * 1000.5,
      claim: [`alias ${i}`, `#${i}`],
      set: { i: String(i) },
    }));
    for (const id of ids.slice(100, 200)) await store.commit({ id, expect: "live", ended: "{}", wake: 5 });
    for (const id of ids.slice(200, 250)) await store.commit({ id, expect: "live", erase: true });
    for (const id of ids.slice(250)) await store.commit({ id, expect: "live", release: [`#${ids.indexOf(id)}`], subject: null });
    await store.commit({ id: "floor:not plain \0" as SessionId, expect: "absent", kind: "main:$floor" });
    await late();
    const told: ScrubProgress[] = [];
    expect(await store.scrub({ repair: true, progress: (progress) => told.push(progress) })).toEqual({ ...clean, records: 251 });
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)?.done).toBeLessThanOrEqual(told.at(-1)?.of as number);
  });

  it("entries of every sort that are missing, and all counts", async () => {
    const ids = await begun(3, (i) => ({ subject: `main:s${i}`, wake: i, claim: [`a${i}`, `b ${i}`] }));
    const shards = new Set(ids.map((id) => keys.of(id).counts)).size;
    await store.close();
    const buckets = new Set(ids.map(bucketOf));
    for (const { due, counts } of keys.shards) await ask("DEL", due, counts, ...buckets);
    for (let i = 0; i < 3; i++) for (const place of [`umain:s${i}`, `aa${i}`, `ab ${i}`] as const) await forget(place);
    store = redisStore(connected.client, { shards: 8, buckets: 4, grace: 50 });
    await late();
    const first = await store.scrub();
    // Counts are kept by shard; due is a bucket.
    const missing = 12 + buckets.size;
    expect(first).toEqual({ ...clean, records: 3, missing, miscounted: shards });
    expect(await store.scrub({ repair: true })).toEqual({ ...first, repaired: missing + first.miscounted });
    expect(await store.scrub()).toEqual({ ...clean, records: 3 });
    expect((await store.find({ alias: "b 0" })).records).toHaveLength(1);
    expect((await store.find({ subject: "main:s0" })).records).toHaveLength(1);
    expect((await store.find({ kind: "main:web" })).records).toHaveLength(3);
    expect((await store.find({ wakeBefore: 0 })).records).toHaveLength(1);
    expect(await store.count({ kind: "main:web" })).toBe(3);
    // By the nonce that the record has: the session can still give its alias up.
    const [holder] = (await store.find({ alias: "a1" })).records;
    expect(await store.commit({ id: holder?.id as SessionId, expect: "live", release: ["a1"] })).toMatchObject({ ok: true });
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["a1"] })).toMatchObject({ ok: true });
  });

  it("entries that lead to nothing, to an ended record, or to one that says otherwise", async () => {
    const [live, over] = (await begun(2, () => ({ subject: "main:ada", wake: 7 }))) as [SessionId, SessionId];
    await store.commit({ id: over, expect: "live", ended: "{}", wake: null });
    const gone = newId();
    await late();
    await ask("ZADD", bucketOf(gone), "3", entryOf("main:web", gone));
    await ask("ZADD", bucketOf(live), "7", entryOf("main:sms", live));
    await ask("ZADD", bucketOf(over), "8", entryOf("main:web", over));
    for (const [place, id] of [
      ["umain:ada", gone],
      ["umain:eve", live],
      ["umain:ada", over],
      ["ax", live],
      ["ay", gone],
      [`a${"z".repeat(99)}`, live],
    ] as const)
      await plant(place, id);
    // Its wake was taken away: an entry that says otherwise is its own, and wrong.
    await found({ records: 2, missing: 1, dead: 8 });
    expect((await store.find({ subject: "main:ada" })).records.map(({ id }) => id)).toEqual([live]);
  });

  it("entries in the bucket, the shard, the place of another", async () => {
    const [id] = (await begun(1, () => ({ subject: "main:ada", wake: 7 }))) as [SessionId];
    const entry = entryOf("main:web", id);
    const { index } = keys.of(id);
    const other = keys.shards.find((shard) => shard.index !== index)?.index as string;
    await ask("ZADD", index + ((keys.bucket(id) + 1) % 4), "7", entry);
    // Of no bucket: more of them once were, or never.
    await ask("ZADD", `${index}17`, "7", entry);
    await ask("ZADD", other + keys.bucket(id), "7", entry);
    const { name, key } = keys.place("umain:ada");
    // By the nonce by which it holds the place: it is only not there that it should be.
    const nonce = await ask("HGET", keys.of(id).session + id, "un");
    await plant("umain:ada", id, { name, key: key === "sj:p5" ? "sj:p6" : "sj:p5" }, nonce);
    await plant("umain:ada", id, { name: name.replace(/^./, (first) => (first === "x" ? "y" : "x")), key }, nonce);
    await found({ records: 1, dead: 5 });
    expect((await store.find({ wakeBefore: 7 })).records).toHaveLength(1);
    expect((await store.find({ subject: "main:ada" })).records).toHaveLength(1);
  });

  it.each(["3", "70000", "+inf"])("an entry that says wake %s where the record has another, or none", async (wrong) => {
    const [due, none] = (await begun(2, (i) => (i === 0 ? { wake: 7 } : {}))) as [SessionId, SessionId];
    await ask("ZADD", bucketOf(due), wrong, entryOf("main:web", due));
    await ask("ZADD", bucketOf(none), wrong === "+inf" ? "5" : wrong, entryOf("main:web", none));
    await found({ records: 2, missing: 2 });
    expect((await store.find({ wakeBefore: 7 })).records.map(({ id }) => id)).toEqual([due]);
    expect((await store.find({ wakeBefore: 1e15 })).records.map(({ id }) => id)).toEqual([due]);
  });

  it("a bucket that is due after a wake in it, or never, counts once and is put right; one that is due too early is sound", async () => {
    const ids = await begun(60, (i) => ({ wake: 100 + i }));
    const [first] = ids as [SessionId];
    const { due } = keys.of(first);
    const bucket = String(keys.bucket(first));
    for (const [wrong, missing] of [
      ["99", 0],
      ["101", 1],
      ["", 1],
    ] as const) {
      await (wrong === "" ? ask("ZREM", due, bucket) : ask("ZADD", due, wrong, bucket));
      if (missing > 0) expect((await store.find({ wakeBefore: 100 })).records).toEqual([]);
      await found({ records: 60, missing });
      expect((await store.find({ wakeBefore: 100 })).records.map(({ id }) => id)).toEqual([first]);
    }
    for (const shard of keys.shards) await ask("DEL", shard.due);
    await found({ records: 60, missing: new Set(ids.map(bucketOf)).size });
    expect((await store.find({ wakeBefore: 1e15 })).records.map(({ id }) => id)).toEqual(ids);
    // What says that buckets are due of which there are none is taken away by whoever comes upon it.
    await ask("ZADD", due, "1", "17", "2", "x");
    expect((await store.find({ wakeBefore: 100 })).records).toHaveLength(1);
    expect(await ask("ZRANGEBYSCORE", due, "-inf", "99")).toBe("");
  });

  it.each(["-1", "3", "5000", "x"])("a count of %s where another is right, and one of a kind that nobody is of", async (wrong) => {
    const ids = await begun(5);
    await store.commit({ id: ids[0] as SessionId, expect: "live", ended: "{}" });
    const { counts } = keys.of(ids[1] as SessionId);
    await ask("HSET", counts, nameOf("main:web"), wrong === "3" ? "33" : wrong, nameOf("other kind"), "2");
    await found({ records: 5, miscounted: 2 });
    expect(await store.count({ kind: "main:web" })).toBe(4);
  });

  it("an alias with two live holders is named, and left as it is", async () => {
    const [one, other] = (await begun(2, (i) => ({ claim: [`a${i}`] }))) as [SessionId, SessionId];
    await ask("HSET", keys.of(other).session + other, "a", JSON.stringify(["a0", "planted"]));
    await forget("aa1");
    const conflicts = [{ alias: "a0", ids: expect.arrayContaining([one, other]) as SessionId[] }];
    await found({ records: 2, conflicts }, { conflicts });
    await forget("aa0");
    expect(await store.scrub()).toMatchObject({ missing: 1, conflicts });
  });

  it("what cannot be read is named, and what leads to it stays", async () => {
    const [one, other] = (await begun(2, () => ({ wake: 1, subject: "main:ada" }))) as [SessionId, SessionId];
    await ask("HSET", keys.of(one).session + one, "v", "x");
    await ask("DEL", keys.of(other).session + other);
    await ask("SET", keys.of(other).session + other, "foreign");
    await late();
    const report = await store.scrub({ repair: true });
    expect(report.unreadable.map(({ id }) => id).toSorted()).toEqual([one, other].toSorted());
    expect(report).toMatchObject({ records: 2, missing: 0, dead: 0 });
    await expect(store.load(one)).rejects.toMatchObject({ code: "record_unreadable" });
  });

  it("while others write, nothing sound is called wrong", async () => {
    const ids = await begun(60, (i) => ({ subject: `main:s${i % 9}`, claim: [`a${i}`], wake: i }));
    let over = false;
    const churn = Promise.all(
      ids.map(async (id, i) => {
        for (let n = 0; !over; n++) {
          await store.commit({
            id,
            expect: "live",
            ...(n % 2 === 0 ? { release: [`a${i}`], subject: null } : { claim: [`a${i}`], subject: `main:s${i % 9}` }),
          });
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }),
    );
    for (let round = 0; round < 5; round++)
      expect(await store.scrub({ repair: true })).toMatchObject({ records: 60, missing: 0, miscounted: 0, conflicts: [], unreadable: [] });
    over = true;
    await churn;
    await late();
    await store.scrub({ repair: true });
    expect(await store.scrub()).toEqual({ ...clean, records: 60 });
  });
});
