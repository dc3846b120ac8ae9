import { createSessions, type SessionId } from "sojourn";
import { afterAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { defaultPolicy } from "../config.ts";
import { openStore } from "../open-store.ts";
import { administered, beside, endings, patient } from "./administered.fixture.ts";
import { receiver } from "./receiver.fixture.ts";

afterAll(cleanUp);

test("a target that is down while the server starts anew is told afterwards, also of what happened while no server ran", { timeout: 90_000 }, async () => {
  const first = await administered();
  const target = await receiver();
  const { body } = await first.hook({ url: target.url });
  const secret = String(body["secret"]);
  const told = await first.visit();
  await expect.poll(() => endings(target, secret), patient).toEqual([told]);
  target.answer((response) => void response.writeHead(500).end());
  const missed = await first.visit();
  await expect.poll(() => target.received.length, patient).toBeGreaterThan(2);
  await target.stop();
  await expect.poll(async () => (await first.hooks())[0]?.["last"], patient).toMatchObject({ ok: false, why: "ECONNREFUSED" });
  await first.stop();

  await administered(beside(first));
  const again = await receiver(target.port);
  await expect.poll(() => endings(again, secret), patient).toEqual([missed]);
  expect(again.received).toHaveLength(2);
  // Who tried it and could not tell whether it came is another; the receiver can.
  expect(again.received[0]?.id).toBe(target.received[2]?.id);
});

test("two servers of one folder tell of each event once while both are well, and one takes over from the other", { timeout: 120_000 }, async () => {
  const first = await administered();
  const second = await administered(beside(first));
  const target = await receiver();
  const { body } = await first.hook({ url: target.url, events: ["ended"] });
  const secret = String(body["secret"]);
  const ids: string[] = [];
  // Longer than a lease goes unrenewed.
  for (let i = 0; i < 12; i++) {
    ids.push(await (i % 2 === 0 ? first : second).visit());
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await expect.poll(() => endings(target, secret), patient).toEqual(ids);
  expect(target.received).toHaveLength(12);
  await first.stop();
  const after = await second.visit();
  await expect.poll(() => endings(target, secret), patient).toEqual([...ids, after]);
  expect(target.received).toHaveLength(13);
  expect((await second.call("DELETE", `/v1/webhooks/${String(body["id"])}`, { headers: second.admin })).status).toBe(204);
});

test("what a server that was killed held is taken over within 15 seconds, by its own next start too", { timeout: 120_000 }, async () => {
  const first = await administered();
  const target = await receiver();
  const { body } = await first.hook({ url: target.url, events: ["ended"] });
  await first.stop();
  const store = openStore(first.data);
  later(() => store.close());
  const [hook] = (await store.find({ kind: "server:$webhook" })).records;
  await store.commit({ id: hook?.id as SessionId, expect: "live", set: { holder: "killed" } });
  const second = await administered(beside(first));
  const began = performance.now();
  const id = await second.visit();
  await expect.poll(() => endings(target, String(body["secret"])), { timeout: 90_000, interval: 50 }).toEqual([id]);
  expect(performance.now() - began).toBeLessThan(5 * 15_000);
  // Before that nobody can know that the other does not live.
  expect(performance.now() - began).toBeGreaterThan(8_000);
});

test("where the store no longer knows what came after the cursor, the endings since are told, and none from before", { timeout: 90_000 }, async () => {
  const first = await administered();
  const target = await receiver();
  const { body } = await first.hook({ url: target.url, events: ["ended"] });
  const secret = String(body["secret"]);
  const told = await first.visit();
  await expect.poll(() => endings(target, secret), patient).toEqual([told]);
  await first.stop();
  const store = openStore(first.data);
  later(() => store.close());
  const [hook] = (await store.find({ kind: "server:$webhook" })).records;
  if (hook === undefined) throw new Error("There is no webhook.");
  const progress = { ...(JSON.parse(hook.fields["progress"] ?? "") as object), cursor: "another-store" };
  const now = Date.now();
  await store.commit({ id: hook.id, expect: "live", set: { progress: JSON.stringify({ ...progress, through: now }) } });
  // As if that had been an hour ago; and this ended while no server ran.
  await store.commit({ id: told as SessionId, expect: "live", erase: true });
  const sessions = createSessions({ store, kind: "api" });
  const ended = async (at: number): Promise<string> => {
    const { id = "" } = await sessions.create({ subject: "ada" });
    await store.commit({ id: id as SessionId, expect: "live", ended: JSON.stringify({ at, reason: "closed" }) });
    return id;
  };
  const before = await ended(now - 3_600_000);
  const missed = await ended(now + 1);
  const second = await administered(beside(first));
  const after = await second.visit();
  await expect.poll(() => endings(target, secret), patient).toContain(after);
  expect(endings(target, secret)).toEqual([told, missed, after]);
  expect(endings(target, secret)).not.toContain(before);
});

test("a host that is no longer named is not called, and may be again", { timeout: 90_000 }, async () => {
  const first = await administered();
  const target = await receiver();
  await first.hook({ url: target.url });
  await first.stop();
  const second = await administered({ ...beside(first), policy: defaultPolicy });
  await second.visit();
  await expect
    .poll(async () => (await second.hooks())[0]?.["last"], patient)
    .toMatchObject({ ok: false, why: expect.stringContaining("plain http") as string });
  expect(target.received).toHaveLength(0);
});
