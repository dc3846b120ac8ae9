import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import type { LaggingStore, SessionId, SessionRecord, Store } from "./seam.ts";
import { createSessions, type Sessions } from "./sessions.ts";

interface Cart {
  readonly cart: readonly string[];
}

/** A node whose copy stays as it was when it was last brought up to date; `fresh` loads go past it. */
function behind(store: Store): Store & LaggingStore & { readonly asked: { copy: number; fresh: number }; catchUp(...ids: SessionId[]): Promise<void> } {
  const copy = new Map<SessionId, SessionRecord | undefined>();
  const asked = { copy: 0, fresh: 0 };
  return {
    ...store,
    lag: 60_000,
    asked,
    load(id, options) {
      asked[options?.fresh ? "fresh" : "copy"]++;
      return options?.fresh ? store.load(id, options) : copy.get(id);
    },
    async catchUp(...ids) {
      for (const id of ids) copy.set(id, await store.load(id));
    },
  };
}

function house(): { here: Sessions<Cart>; there: Sessions<Cart>; copy: ReturnType<typeof behind>; clock: ReturnType<typeof fakeClock> } {
  const store = memoryStore();
  const clock = fakeClock();
  const copy = behind(store);
  const settings = { clock, idle: "30m", absolute: "12h", rotation: { every: "15m", grace: "30s" }, floorLag: 1 } as const;
  return { here: createSessions<Cart>({ store: copy, ...settings }), there: createSessions<Cart>({ store, ...settings }), copy, clock };
}

async function begun(there: Sessions<Cart>): Promise<{ id: SessionId; token: string }> {
  const session = await there.create({ subject: "ana", data: { cart: ["tea"] } });
  return { id: session.id as SessionId, token: session.token as string };
}

describe("a copy that is behind", () => {
  test("refuses nobody whose session was made elsewhere a moment ago", async () => {
    const { here, there } = house();
    const { id, token } = await begun(there);
    expect((await here.visit({ token })).id).toBe(id);
  });

  test("answers for a session that it knows, without asking the store", async () => {
    const { here, there, copy, clock } = house();
    const { id, token } = await begun(there);
    await copy.catchUp(id);
    await here.visit({ token });
    const { fresh } = copy.asked;
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000);
      expect((await here.visit({ token })).get("cart")).toEqual(["tea"]);
    }
    // Whether a floor was raised is a decision: it is asked of the store, as often as floorLag says.
    expect(copy.asked.fresh - fresh).toBe(5);
  });

  test("refuses nobody whose secret was replaced elsewhere a moment ago", async () => {
    const { here, there, copy } = house();
    const { id, token } = await begun(there);
    await copy.catchUp(id);
    const other = await there.visit({ token });
    await other.authenticate("ana", { methods: ["pwd"] });
    const newer = other.token as string;
    expect(newer).not.toBe(token);
    expect((await here.visit({ token: newer })).subject).toBe("ana");
  });

  test("lets nobody expire who was active elsewhere", async () => {
    const { here, there, copy, clock } = house();
    const { id, token } = await begun(there);
    await copy.catchUp(id);
    for (let i = 0; i < 4; i++) {
      clock.advance("20m");
      expect((await there.visit({ token })).id, `${i}`).toBe(id);
    }
    expect((await here.visit({ token })).id).toBe(id);
    expect((await there.visit({ token })).id).toBe(id);
  });

  test("that knows of an end needs to ask nobody", async () => {
    const { here, there, copy } = house();
    const { id, token } = await begun(there);
    await there.end({ id });
    await copy.catchUp(id);
    const { fresh } = copy.asked;
    const session = await here.visit({ token });
    expect([session.id, session.refusal]).toEqual([undefined, "ended"]);
    expect(copy.asked.fresh).toBe(fresh);
  });

  test("does not know of an end for as long as it is behind, and a write hears of it", async () => {
    const { here, there, copy } = house();
    const { id, token } = await begun(there);
    await copy.catchUp(id);
    await there.end({ id });
    const session = await here.visit({ token });
    expect(session.id).toBe(id);
    session.set("cart", []);
    await expect(session.commit()).rejects.toMatchObject({ code: "session_ended" });
  });

  test("ends no session for a secret that is not good any more by what it knows", async () => {
    const { here, there, copy } = house();
    const { id, token } = await begun(there);
    const stranger = `${id}.${"A".repeat(32)}`;
    await copy.catchUp(id);
    expect((await here.visit({ token: stranger })).refusal).toBe("missing");
    expect((await here.visit({ token })).id).toBe(id);
  });
});
