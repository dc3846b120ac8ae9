import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "lmdb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSessions } from "../core/sessions.ts";
import { lmdbStore, openLmdb, type LmdbStore } from "../stores/lmdb/lmdb.ts";
import { newId } from "../testing/new-id.ts";
import { nodeOn, until } from "./revocations.fixture.ts";
import type { Revocations } from "./revocations.ts";

/** The other process. One question at a time. */
interface Child {
  readonly process: ChildProcess;
  ask(run: string, what?: unknown): Promise<unknown>;
}

async function childOn(folder: string): Promise<Child> {
  const child = fork(fileURLToPath(new URL("revocations-child.mjs", import.meta.url)), [folder], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error("the process is gone"));
      child.once("exit", gone);
      child.once("message", (reply: { result?: unknown; error?: string }) => {
        child.off("exit", gone);
        if (reply.error === undefined) resolve(reply.result);
        else reject(new Error(reply.error));
      });
    });
  await answer();
  return {
    process: child,
    ask(run, what) {
      const reply = answer();
      child.send({ run, with: what });
      return reply;
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "sojourn-revocations-"));
const root = openLmdb(open, folder);
const wall = (): number => performance.timeOrigin + performance.now();
const hour = 3_600_000;
const following: Revocations[] = [];
let store: LmdbStore;
let other: Child;

beforeAll(async () => {
  store = lmdbStore(root);
  other = await childOn(folder);
});
afterEach(async () => {
  await Promise.all(following.splice(0).map((node) => node.stop()));
});
afterAll(async () => {
  other.process.kill("SIGKILL");
  await store.close();
  await root.close();
  rmSync(folder, { recursive: true, force: true });
});

async function nodeHere(silence?: number): Promise<Revocations> {
  const node = nodeOn(store, { clock: Date, ...(silence === undefined ? undefined : { silence }) });
  following.push(node);
  await node.follow();
  return node;
}

function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

describe("two processes", () => {
  test("what one ends the other refuses, within a second", async () => {
    const node = await nodeHere();
    const took: number[] = [];
    for (let i = 0; i < 200; i++) {
      const id = newId();
      const { done, at } = (await other.ask("end", { id, of: { reason: "revoked", until: Date.now() + hour } })) as { done: boolean; at: number };
      expect(done).toBe(true);
      await until("the end is heard", () => node.refused(id, 1, "main:u", Date.now(), Date.now()) === "ended");
      took.push(Math.max(0, wall() - at));
      expect(node.heard).toBe(true);
    }
    took.sort((x, y) => x - y);
    const [p50, p99, longest] = [rank(took, 0.5), rank(took, 0.99), rank(took, 1)];
    const ms = [p50, p99, longest].map((one) => one.toFixed(1));
    process.stdout.write(`From the acknowledgement of an end on one node to its refusal on another, ms: p50 ${ms[0]}, p99 ${ms[1]}, longest ${ms[2]}.\n`);
    expect(p99).toBeLessThan(5_000);
  }, 60_000);

  test("of two log-ins in two processes one wins, every time", async () => {
    const node = await nodeHere();
    for (let i = 0; i < 50; i++) {
      const id = newId();
      const over = Date.now() + hour;
      const won = await Promise.all([other.ask("replace", { id, generation: 2, from: 0, until: over }), node.replace(id, 2, 0, over)]);
      expect(won.filter(Boolean)).toHaveLength(1);
      await until("it is heard", () => node.refused(id, 1, undefined, 0, Date.now()) === "replaced");
      expect(node.refused(id, 2, undefined, 0, Date.now())).toBeUndefined();
    }
  });

  test("an end in one and a log-in in the other at the same moment leave an ended session, on both", async () => {
    const node = await nodeHere();
    for (let i = 0; i < 50; i++) {
      const id = newId();
      const over = Date.now() + hour;
      await Promise.all([other.ask("replace", { id, generation: 2, from: 0, until: over }), node.end(id, { reason: "closed", until: over })]);
      expect(node.refused(id, 2, undefined, 0, Date.now())).toBe("ended");
      await until("it is heard", () => node.refused(id, 2, undefined, 0, Date.now()) === "ended");
      while ((await other.ask("refused", { id, generation: 2, since: 0, now: Date.now() })) !== "ended") await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });

  test("a floor raised by one is seen by the other, and by a manager with sessions in the store", async () => {
    const node = await nodeHere();
    const sessions = createSessions({ store });
    const session = await sessions.create({ subject: "floored" });
    const id = newId();
    const at = Date.now() + 10;
    expect(node.refused(id, 1, "main:floored", at - 1, Date.now())).toBeUndefined();
    await other.ask("raise", { subject: "main:floored", at });
    await until("it is heard", () => node.refused(id, 1, "main:floored", at - 1, Date.now()) === "ended");
    expect(node.refused(id, 1, "main:floored", at, Date.now())).toBeUndefined();
    // Another manager, for this one may go by what it knew a moment ago (floorLag).
    expect(await createSessions({ store }).resume(session.token ?? "")).toBeUndefined();
  });

  test("while the other is stopped with the write lock in its hand, nothing is heard here; when it goes on, all is", async () => {
    const node = await nodeHere(600);
    expect(node.heard).toBe(true);
    const stopped = other.ask("stopInside");
    await until("the silence is noticed", () => !node.heard);
    other.process.kill("SIGCONT");
    await stopped;
    await until("it is heard again", () => node.heard);
    const id = newId();
    expect(await other.ask("heard")).toBe(true);
    await other.ask("end", { id, of: { reason: "revoked", until: Date.now() + hour } });
    await until("the end is heard", () => node.refused(id, 1, undefined, Date.now(), Date.now()) === "ended");
  });
});

test("records go with the sweep of any manager once no token of their session can be good, clocks apart by minutes allowed for, and not before", async () => {
  const node = await nodeHere();
  const [id, scoped, replaced] = [newId(), newId(), newId()];
  const over = Date.now() + hour;
  await node.end(id, { reason: "closed", until: over });
  await node.end(scoped, { reason: "closed", subject: "main:u", until: over });
  await node.replace(replaced, 2, 0, over);
  const left = async (): Promise<number> => {
    const all: string[] = [];
    for (let after: Parameters<LmdbStore["find"]>[1] = {}; ;) {
      const { records, next } = store.find({ kind: "main:$revoked" }, after);
      all.push(...records.map((record) => record.id));
      if (next === undefined) return all.filter((one) => [id, scoped, replaced].some((session) => one.includes(session))).length;
      after = { after: next };
    }
  };
  for (const [now, kept] of [
    [over + 300_000, 3],
    [over + 600_001, 0],
  ] as const) {
    const sessions = createSessions({ store, clock: { now: () => now }, sweep: 5 });
    await sessions.run();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sessions.close();
    expect(await left()).toBe(kept);
  }
  // In memory they stay until then by this node's own clock, whatever was swept.
  expect(node.refused(id, 1, undefined, over, over)).toBe("ended");
  expect(node.refused(id, 1, undefined, over, over + 1)).toBeUndefined();
});
