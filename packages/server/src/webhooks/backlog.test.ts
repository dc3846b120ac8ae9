import fc from "fast-check";
import type { SessionId, StoreEvent } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { expect, test } from "vitest";
import { backlog, placeOf } from "./backlog.ts";

const create = (store: ReturnType<typeof memoryStore>, id: string): unknown =>
  store.commit({ id: id as SessionId, expect: "absent", kind: "main:api", set: {} });

test("whatever does not fit waits in the store: each event comes once, in order, whoever is faster", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.oneof(fc.constant("write"), fc.constant("read")), { maxLength: 60 }), async (bound, steps) => {
      const store = memoryStore();
      const events = await backlog(store, undefined, bound);
      const made: string[] = [];
      const heard: string[] = [];
      const read = async (): Promise<void> => {
        const event = (await events.next()) as StoreEvent;
        heard.push(event.id);
      };
      for (const step of steps) {
        if (step === "write") {
          made.push(`id${made.length}`);
          create(store, made.at(-1) ?? "");
        } else if (heard.length < made.length) await read();
      }
      while (heard.length < made.length) await read();
      expect(heard).toEqual(made);
      events.close();
      expect(await events.next()).toBeUndefined();
    }),
  );
});

test("it goes on after a cursor, tells of a gap, and ends for whoever waits", async () => {
  const store = memoryStore();
  const { cursor } = await placeOf(store, "here", async () => create(store, "here"));
  create(store, "after");
  const events = await backlog(store, cursor);
  expect(await events.next()).toMatchObject({ id: "after" });
  const waiting = events.next();
  events.close();
  expect(await waiting).toBeUndefined();
  const lost = await backlog(store, "of-another-store");
  expect(await lost.next()).toBe("gap");
  lost.close();
});

test("the place of a write is that of its own event, whatever else is written meanwhile", async () => {
  const store = memoryStore();
  create(store, "before");
  const { made, cursor } = await placeOf(store, "mine", async () => {
    create(store, "other");
    create(store, "mine");
    create(store, "later");
    return 7;
  });
  expect(made).toBe(7);
  const events = await backlog(store, cursor);
  expect(await events.next()).toMatchObject({ id: "later" });
  events.close();
});
