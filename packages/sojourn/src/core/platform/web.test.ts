import { createHash } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { fakeClock } from "../../testing/fake-clock.ts";
import type { SessionId, Store } from "../seam.ts";
import { createSessions } from "../sessions.ts";

// What it is to be on Workers, as far as that can be had here; test/runtimes has the real thing.
vi.mock("#platform", () => import("./web.ts"));

afterEach(() => void vi.restoreAllMocks());

test("a manager is made without asking for random bytes, which modules of Workers do not get while they load", async () => {
  const bytes = vi.spyOn(crypto, "getRandomValues").mockImplementation(() => {
    throw new Error("Disallowed operation called within global scope.");
  });
  const sessions = createSessions({ store: memoryStore() });
  bytes.mockRestore();
  const session = await sessions.create();
  expect(await session.lease()).toBeDefined();
});

test("what is kept of a secret is its SHA-256, base64url", async () => {
  const inner = memoryStore();
  const { token = "", id } = await createSessions({ store: inner }).create();
  const { hashes } = JSON.parse(inner.load(id as SessionId)?.fields["$secret"] ?? "{}") as { hashes?: unknown };
  expect(hashes).toEqual([createHash("sha256").update(token.slice(27)).digest("base64url")]);
});

test("a call that hangs is given up though the request whose call came first is over, and its timers with it", async () => {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const set = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation((run: () => void, ms?: number) => {
    const timer = set(run, ms);
    timers.push(timer);
    return timer;
  });
  let hangs = false;
  const inner = memoryStore();
  const load: Store["load"] = async (id) => (hangs ? new Promise(() => undefined) : inner.load(id));
  const sessions = createSessions({ store: { ...inner, load }, deadline: 100 });
  const { token = "" } = await sessions.create();
  expect(await sessions.resume(token)).toBeDefined();
  timers.forEach((timer) => clearTimeout(timer));
  hangs = true;
  await expect(sessions.resume(token)).rejects.toMatchObject({ code: "store_unavailable" });
});

describe("a touch", () => {
  test("is waited for by the door before it answers, whether or not anything was written", async () => {
    const clock = fakeClock();
    const inner = memoryStore();
    const sessions = createSessions<{ n: number }>({ store: delayed(inner), clock, rotation: false });
    const { token = "", id } = await sessions.create();
    const seen = (): number => Number(inner.load(id as SessionId)?.fields["$seen"]);
    for (const write of [false, true]) {
      clock.advance("20m");
      const onPending = vi.fn<() => void>();
      const session = await sessions.visit({ token, onPending });
      expect(onPending).toHaveBeenCalledTimes(1);
      if (write) session.set("n", 1);
      expect(onPending).toHaveBeenCalledTimes(1);
      await sessions.settle(session);
      expect(seen()).toBe(clock.now());
    }
    clock.advance("1m");
    const onPending = vi.fn<() => void>();
    await sessions.visit({ token, onPending });
    expect(onPending).not.toHaveBeenCalled();
  });

  test("by a request that has been answered is no reason to refuse it the session", async () => {
    const clock = fakeClock();
    const sessions = createSessions({ store: delayed(memoryStore()), clock });
    const { token = "" } = await sessions.create();
    clock.advance("20m");
    const onPending = (): never => {
      throw new Error("answered");
    };
    expect((await sessions.visit({ token, onPending })).exists).toBe(true);
  });
});
