import { readFileSync } from "node:fs";
import { startNats, type NatsServer } from "@sojourn/peers/nats";
import { missing } from "@sojourn/peers/programs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { members, until, type Members } from "./nats.fixture.ts";
import { natsStore, type NatsClient, type NatsStoreOptions } from "./nats.ts";

const absent = missing("nats-server", "nats-server");
const containing = (text: string): unknown => expect.stringContaining(text);
const ended = '{"at":1,"reason":"closed"}';

/** JetStream's API, as another tool would use it. */
async function api(client: NatsClient, what: string, question: object = {}): Promise<{ readonly error?: { readonly description: string } }> {
  const { data } = await client.connection.request(`$JS.API.${what}`, JSON.stringify(question), { timeout: 5_000 });
  const answer = JSON.parse(Buffer.from(data).toString()) as { readonly error?: { readonly description: string } };
  if (answer.error !== undefined) throw new Error(answer.error.description);
  return answer;
}
const put = (client: NatsClient, subject: string, text: string, revision = 0): Promise<{ readonly seq: number }> =>
  client.jetstream.publish(subject, text, { timeout: 5_000, expect: { lastSubjectSequence: revision } });

/** Whether the leader was asked, whatever it says. */
function isAsked(answer: unknown): boolean {
  if (!(answer instanceof Promise)) return false;
  answer.catch(() => undefined);
  return true;
}

/** A signal takes its time on a busy machine. */
async function stopped(pid: number): Promise<void> {
  if (process.platform === "linux") await until("that it has stopped", () => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));
}

describe.skipIf(absent !== undefined)(absent === undefined ? "what a NATS server can do to it" : `what a NATS server can do to it: ${absent}`, () => {
  let server: NatsServer;
  let all: Members;
  beforeAll(async () => {
    server = await startNats({ jetstreamConfig: "max_file_store: 64MB" });
    all = members(() => [server.url]);
  });
  afterAll(async () => {
    await all.close();
    await server.stop();
  });
  const stream = (bucket: string, more: object = {}): object => ({
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_msgs_per_subject: 1,
    discard: "new",
    storage: "file",
    num_replicas: 1,
    retention: "limits",
    ...more,
  });

  test.each<[keyof NatsStoreOptions, unknown]>([
    ["bucket", "a.b"],
    ["bucket", ""],
    ["reads", "local"],
    ["lag", 10],
    ["grace", -1],
    ["timeout", 0],
    ["feed", 1.5],
    ["replicas", 0],
    ["storage", "disk"],
    ["maxBytes", NaN],
  ])("a setting that makes no sense is refused by name: %s %j", async (name, value) => {
    const client = await all.client();
    await expect(natsStore(client, { [name]: value })).rejects.toMatchObject({ code: "invalid_option", message: containing(`${name} is`) });
  });

  test("a client that is none, and a connection that is closed", async () => {
    const { connection, jetstream } = await all.client();
    for (const nats of [undefined, {}, { connection }, { jetstream }, connection])
      await expect(natsStore(nats as unknown as NatsClient)).rejects.toMatchObject({ code: "invalid_option", message: containing("{ connection, jetstream") });
    await connection.close();
    await expect(natsStore({ connection, jetstream })).rejects.toMatchObject({ code: "store_unavailable", message: containing("not open") });
  });

  test("a server without JetStream", async () => {
    const bare = await startNats({ jetstream: false });
    const others = members(() => [bare.url]);
    try {
      await expect(others.open({ timeout: 300 })).rejects.toMatchObject({ code: "store_unavailable", message: containing("JetStream is not enabled") });
    } finally {
      await others.close();
      await bare.stop();
    }
  });

  test.each([
    ["history", { max_msgs_per_subject: 5 }, "its history is 5 instead of 1"],
    ["max_age", { max_age: 60e9, duplicate_window: 60e9 }, "max_age"],
    ["discard", { discard: "old" }, "discards the oldest"],
    ["subjects", { subjects: ["$KV.other-subjects.>"] }, "its subjects are"],
    ["purge", { deny_purge: true }, "forbids purging"],
    ["replicas", {}, "replicas asks for 3", { replicas: 3 }],
    ["storage", { storage: "memory" }, "storage asks for file", { storage: "file" }],
  ] as const)("a bucket whose settings do not fit is refused, and told what is wrong: %s", async (name, config, why, options: NatsStoreOptions = {}) => {
    const bucket = `bad-${name}`;
    const client = await all.client();
    await api(client, `STREAM.CREATE.KV_${bucket}`, stream(bucket, config));
    await expect(natsStore(client, { bucket, ...options })).rejects.toMatchObject({ code: "invalid_option", message: containing(why) });
  });

  test("a layout of a newer release, a foreign one, and keys without any", async () => {
    const client = await all.client();
    for (const [bucket, key, text, why] of [
      ["newer", "meta", '{"layout":2}', "newer release"],
      ["foreign", "meta", "hello", "not one of this library's"],
      ["strange", "greeting", "hello", "somebody else's"],
    ] as const) {
      await api(client, `STREAM.CREATE.KV_${bucket}`, stream(bucket));
      await put(client, `$KV.${bucket}.${key}`, text);
      await expect(natsStore(client, { bucket })).rejects.toMatchObject({ code: "invalid_option", message: containing(why) });
    }
  });

  test("one record that cannot be read fails for its own session, and for no other", async () => {
    const { store } = await all.open({ bucket: "damaged" });
    const client = await all.client();
    const [broken, sound] = [newId(), newId()];
    await store.commit({ id: sound, expect: "absent", kind: "k" });
    await put(client, `$KV.damaged.s.${broken}`, "not a document");
    for (const one of [store, (await all.open({ bucket: "damaged" })).store]) {
      await expect(Promise.resolve(one.load(broken))).rejects.toMatchObject({ code: "record_unreadable", message: containing(broken) });
      await expect(Promise.resolve(one.commit({ id: broken, expect: "live", set: { a: "1" } }))).rejects.toMatchObject({ code: "record_unreadable" });
      expect((await one.find({ kind: "k" })).records.map(({ id }) => id)).toEqual([sound]);
      expect((await one.scrub()).unreadable).toMatchObject([{ id: broken }]);
    }
    const local = await all.open({ bucket: "damaged", reads: "replica" });
    expect(() => local.store.load(broken)).toThrow(expect.objectContaining({ code: "record_unreadable" }));
  });

  test("a key that another tool deletes is a session that is gone, and may begin again", async () => {
    const { store } = await all.open({ bucket: "deleted-key" });
    const client = await all.client();
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k", wake: 5 });
    const heard: unknown[] = [];
    store.watch((event) => heard.push(event));
    await client.jetstream.publish(`$KV.deleted-key.s.${id}`, "", { timeout: 5_000, expect: { lastSubjectSequence: 2 } });
    expect(await store.load(id)).toBeUndefined();
    expect([(await store.find({ kind: "k" })).records, (await store.find({ wakeBefore: 9 })).records, await store.count({ kind: "k" })]).toEqual([[], [], 0]);
    await until("a gap", () => heard.includes("gap"));
    expect(await store.commit({ id, expect: "absent", kind: "k" })).toMatchObject({ ok: true, version: 1 });
    expect(await store.load(id)).toMatchObject({ version: 1 });
  });

  test("a bucket that is full refuses as a value, an end still lands, and what was taken away makes room", async () => {
    const { store } = await all.open({ bucket: "full", maxBytes: 200_000 });
    const set = { f: "x".repeat(10_000) };
    const ids: SessionId[] = [];
    for (let outcome; ; ids.push(outcome)) {
      const id = newId();
      const made = await store.commit({ id, expect: "absent", kind: "k", set });
      if (!made.ok) {
        expect(made).toEqual({ ok: false, why: "full", of: "store" });
        expect(await store.load(id)).toBeUndefined();
        break;
      }
      outcome = id;
    }
    expect(ids.length).toBeGreaterThan(10);
    const [first] = ids as [SessionId];
    expect(await store.commit({ id: first, expect: "live", ended, unset: ["f"] })).toMatchObject({ ok: true });
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k" })).toMatchObject({ ok: true });
    let last;
    for (let i = 0; i < 3 && last?.ok !== false; i++) last = await store.commit({ id: newId(), expect: "absent", kind: "k", subject: "s", set });
    expect(last).toEqual({ ok: false, why: "full", of: "store" });
  });

  test("a server that has no more room for anybody refuses as a value, and reads go on", async () => {
    const small = await startNats({ jetstreamConfig: "max_file_store: 1MB" });
    const others = members(() => [small.url]);
    try {
      const { store } = await others.open();
      let [made, outcome]: [SessionId | undefined, unknown] = [undefined, undefined];
      for (let i = 0; i < 100; i++) {
        const id = newId();
        const answer = await store.commit({ id, expect: "absent", kind: "k", subject: "s", claim: [id], set: { f: "x".repeat(20_000) } });
        if (answer.ok) made = id;
        else outcome = answer;
      }
      expect(outcome).toEqual({ ok: false, why: "full", of: "store" });
      expect(await store.load(made as SessionId)).toMatchObject({ version: 1 });
    } finally {
      await others.close();
      await small.stop();
    }
  });

  test("a session that is larger than a message may be is refused by that name", async () => {
    const { store } = await all.open({ bucket: "large" });
    const id = newId();
    const set = { f: '"'.repeat(900_000) };
    await expect(Promise.resolve(store.commit({ id, expect: "absent", kind: "k", set }))).rejects.toMatchObject({
      code: "too_large",
      message: containing("max_payload"),
    });
    expect(await store.load(id)).toBeUndefined();
  });

  test("a user who may do no more than the store's page says is enough, and one who may do less is told so", async () => {
    const user = (name: string, deny: string): string => `{ user: "${name}", password: "p", permissions: { publish: { deny: [${deny}] } } }`;
    const verbs = ["STREAM.INFO", "STREAM.CREATE", "STREAM.PURGE", "STREAM.MSG.GET"].map((verb) => `"$JS.API.${verb}.KV_sojourn"`);
    const least = ['"$KV.sojourn.>"', ...verbs, '"$JS.API.CONSUMER.*.KV_sojourn.>"', '"$JS.API.CONSUMER.MSG.NEXT.KV_sojourn.>"'].join(", ");
    const strict = await startNats({
      config: `authorization {\n users = [\n { user: "least", password: "p", permissions: { publish: { allow: [${least}] }, subscribe: { allow: ["_INBOX.>"] } } }\n ${user("reader", '"$KV.>"')}\n ${user("writer", '"$JS.API.CONSUMER.>"')}\n ${user("none", '"$JS.API.>"')}\n ]\n}`,
    });
    const others = members(() => [strict.url]);
    try {
      const enough = await others.open({ reads: "replica" }, { user: "least", pass: "p" });
      const id = newId();
      expect(await enough.store.commit({ id, expect: "absent", kind: "k", subject: "s", claim: ["a"] })).toMatchObject({ ok: true });
      await until("its replica", () => enough.store.load(id) !== undefined && enough.store.count({ kind: "k" }) === 1);
      const denied = { code: "store_unavailable", message: containing("not permitted") };
      const { store } = await others.open({ timeout: 500 }, { user: "reader", pass: "p" });
      await expect(Promise.resolve(store.commit({ id: newId(), expect: "absent", kind: "k" }))).rejects.toMatchObject(denied);
      await expect(others.open({ timeout: 500 }, { user: "writer", pass: "p" })).rejects.toMatchObject(denied);
      await expect(others.open({ timeout: 500 }, { user: "none", pass: "p" })).rejects.toMatchObject(denied);
    } finally {
      await others.close();
      await strict.stop();
    }
  });

  test("a bucket that is deleted is said to be, and a store that is opened anew begins an empty one, which the others find", async () => {
    const { store } = await all.open({ bucket: "gone", timeout: 400 });
    const client = await all.client();
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    const heard: unknown[] = [];
    store.watch((event) => heard.push(event));
    await api(client, "STREAM.DELETE.KV_gone");
    await expect(Promise.resolve(store.load(id))).rejects.toMatchObject({ code: "store_unavailable", message: containing("it was deleted") });
    await expect(Promise.resolve(store.find({ kind: "k" }))).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(Promise.resolve(store.commit({ id, expect: "live", set: { a: "1" } }))).rejects.toMatchObject({
      code: "store_unavailable",
      message: containing("the bucket was deleted"),
    });
    const again = (await all.open({ bucket: "gone" })).store;
    const other = newId();
    await again.commit({ id: other, expect: "absent", kind: "k" });
    expect((await store.find({ kind: "k" })).records.map((record) => record.id)).toEqual([other]);
    expect(heard).toContain("gap");
    expect(await store.load(id)).toBeUndefined();
  });

  test("without a connection nothing is sent; a server that does not answer is an unknown outcome; both pass", async () => {
    const own = await startNats();
    const others = members(() => [own.url]);
    try {
      const { store } = await others.open({ timeout: 400 });
      const local = (await others.open({ timeout: 400, reads: "replica", lag: 2_000 })).store;
      const [id] = [newId()];
      await store.commit({ id, expect: "absent", kind: "k" });
      const heard: unknown[] = [];
      store.watch((event) => heard.push(event));
      own.kill("SIGSTOP");
      await stopped(own.pid);
      await expect(Promise.resolve(store.commit({ id, expect: "live", set: { a: "1" } }))).rejects.toMatchObject({ code: "outcome_unknown" });
      await expect(Promise.resolve(store.load(id))).rejects.toMatchObject({ code: "store_unavailable" });
      own.kill("SIGCONT");
      // It did land, later; and the next one knows.
      await until("an answer", async () => ((await store.load(id)) as { version: number }).version === 2);
      expect(await store.commit({ id, expect: 2, set: { a: "2" } })).toMatchObject({ ok: true, version: 3 });

      own.kill("SIGKILL");
      await own.ended();
      await until("the loss of the connection", () => heard.includes("gap"));
      await expect(Promise.resolve(store.commit({ id, expect: "live", set: { a: "3" } }))).rejects.toMatchObject({
        code: "store_unavailable",
        message: containing("no connection"),
      });
      // The replica answers for as long as its lag is allowed, and then says that it cannot know.
      expect(local.load(id)).toMatchObject({ version: 3 });
      await until("that the replica is trusted no more", () => isAsked(local.load(id)));
      await expect(Promise.resolve(local.load(id))).rejects.toMatchObject({ code: "store_unavailable" });

      await own.restart();
      await until("a commit after the restart", () =>
        Promise.resolve(store.commit({ id, expect: "live", set: { a: "4" } })).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      await until("the replica", () => {
        const record = local.load(id);
        return !isAsked(record) && (record as SessionRecord).fields["a"] === "4";
      });
      // The news of the creation may still have been on its way when this began to watch.
      const versions = heard.filter((event) => event !== "gap").map((event) => (event as { version: number }).version);
      expect(versions.filter((version) => version > 1)).toEqual([2, 3, 4]);
    } finally {
      await others.close();
      await own.stop();
    }
  }, 60_000);

  test("a deadline that has passed sends nothing", async () => {
    const { store, requests } = await all.open({ bucket: "late" });
    const id = newId();
    requests();
    for (const change of [{ kind: "k" }, { kind: "k", subject: "s", claim: ["a"] }])
      await expect(Promise.resolve(store.commit({ id, expect: "absent", ...change }, { deadline: Date.now() - 1 }))).rejects.toMatchObject({
        code: "store_unavailable",
        message: containing("nothing was written"),
      });
    expect(requests()).toBe(0);
  });

  test("after close every call says so, and the connection is open", async () => {
    const { store, connection } = await all.open({ bucket: "closed" });
    await store.close();
    await store.close();
    const closed = { code: "store_unavailable", message: containing("closed") };
    for (const call of [
      () => store.load(newId()),
      () => store.commit({ id: newId(), expect: "absent", kind: "k" }),
      () => store.find({ kind: "k" }),
      () => store.count({ kind: "k" }),
      () => store.scrub(),
    ])
      await expect(Promise.resolve().then<unknown>(call)).rejects.toMatchObject(closed);
    expect(() => store.watch(() => undefined)).toThrow(expect.objectContaining(closed));
    expect(connection.isClosed()).toBe(false);
  });
});
