import { open } from "lmdb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions, type Store } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { memoryStore } from "sojourn/stores/memory";
import { delayed, fakeClock } from "sojourn/testing";
import { afterEach, describe, expect, test } from "vitest";
import { simulatedNetwork, type SimulatedNetwork } from "./simulate.ts";
import { dialogue, smsGateway, TransportFailure, type Finished, type Json, type SmsGateway, type SmsOptions, type SmsSessions } from "./sms.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const containing = (text: string): unknown => expect.stringContaining(text);
const ana = "+358401234567";
const pool = ["+3584570001", "+3584570002", "+3584570003", "+3584570004", "+3584570005"] as const;

const booking = dialogue("booking", async (talk, { slot }: { slot: string }) => {
  const answer = await talk.menu(`${slot}: will you come?`, { yes: "Yes", no: "No" }, { timeout: "3d", remind: "1d" });
  if (answer === "yes") {
    await talk.say("See you then.");
    return { slot, comes: true, why: null };
  }
  const why = await talk.ask("Why not?");
  await talk.say("Thank you.");
  return { slot, comes: false, why };
});

interface Process {
  readonly gateway: SmsGateway;
  readonly sessions: SmsSessions;
  readonly network: SimulatedNetwork;
  readonly finished: Finished[];
  readonly failures: unknown[];
}

interface World {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly store: Store;
  /** One more process on the same store and network. */
  process(options?: Partial<SmsOptions>): Promise<Process>;
}

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memoryStore(),
  "memory, answering later": () => delayed(memoryStore()),
  lmdb: () => {
    const folder = mkdtempSync(join(tmpdir(), "sojourn-sms-"));
    const root = openLmdb(open, folder);
    const store = lmdbStore(root);
    undo.push(async () => {
      await store.close();
      await root.close();
      rmSync(folder, { recursive: true });
    });
    return store;
  },
};

describe.each(Object.keys(stores))("over %s", (name) => {
  function world(): World {
    const clock = fakeClock();
    const store = (stores[name] as () => Store)();
    return {
      clock,
      store,
      async process(options = {}) {
        const sessions = createSessions<Record<string, Json>>({ store, clock, sweep: 5, kind: "sms" });
        const network = (options.transport as SimulatedNetwork | undefined) ?? simulatedNetwork();
        const finished: Finished[] = [];
        const failures: unknown[] = [];
        const gateway = smsGateway(sessions, {
          transport: network,
          numbers: pool,
          dialogues: [booking],
          clock,
          finished: (outcome) => void finished.push(outcome),
          failed: (failure) => failures.push(failure),
          ...options,
        });
        await gateway.listen();
        undo.push(async () => {
          await gateway.close();
          await sessions.close();
        });
        return { gateway, sessions, network, finished, failures };
      },
    };
  }

  async function until(holds: () => unknown): Promise<void> {
    for (let i = 0; i < 2000 && !(await holds()); i++) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await holds()).toBeTruthy();
  }

  test("a dialogue asks, understands, and comes to its end with its result", async () => {
    const { gateway, network, finished, sessions } = await world().process();
    const started = await gateway.start(booking, "+358 40 123 4567", { slot: "Monday 9" });
    expect(started).toMatchObject({ ok: true, number: expect.stringMatching(/^\+358457000/) as string });
    const phone = network.handset(ana);
    const { from, text } = await phone.next();
    expect(text).toBe("Monday 9: will you come?\n1 Yes\n2 No");
    await phone.send(from, "maybe");
    expect((await phone.next()).text).toBe(text);
    await phone.send(from, " 2. ");
    expect((await phone.next()).text).toBe("Why not?");
    await phone.send(from, "I am away");
    expect((await phone.next()).text).toBe("Thank you.");
    await until(() => finished.length === 1);
    expect(finished).toEqual([
      {
        id: (started as { id: string }).id,
        dialogue: "booking",
        args: { slot: "Monday 9" },
        handset: ana,
        reason: "done",
        result: { slot: "Monday 9", comes: false, why: "I am away" },
      },
    ]);
    await until(async () => (await sessions.info({ id: (started as { id: string }).id }))?.ended?.reason === "done");
  });

  test("five dialogues at once with one handset, answered in any order: none is misrouted", async () => {
    const { gateway, network, finished } = await world().process();
    const slots = ["a", "b", "c", "d", "e"];
    for (const slot of slots) expect(await gateway.start(booking, ana, { slot })).toMatchObject({ ok: true });
    const phone = network.handset(ana);
    const asked = await Promise.all(slots.map(() => phone.next()));
    expect(new Set(asked.map(({ from }) => from)).size).toBe(5);
    for (const { from } of asked.toReversed()) await phone.send(from, "2");
    for (const { from, text } of [asked[2]!, asked[0]!, asked[4]!, asked[1]!, asked[3]!]) await phone.send(from, `because of ${text[0]}`);
    await until(() => finished.length === 5);
    for (const { result } of finished) expect(result).toMatchObject({ why: `because of ${(result as { slot: string }).slot}` });
  });

  test("goes on in another process days later; a reminder comes in between, in whichever process, once", async () => {
    const { clock, process } = world();
    const network = simulatedNetwork();
    const one = await process({ transport: network });
    await one.gateway.start(booking, ana, { slot: "x" });
    const phone = network.handset(ana);
    const { from } = await phone.next();
    await one.gateway.close();
    await one.sessions.close();
    const two = await process({ transport: network });
    const three = await process({ transport: network });
    clock.advance("1d");
    expect((await phone.next()).text).toContain("will you come?");
    clock.advance("1d");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(phone.received).toHaveLength(2);
    await phone.send(from, "1");
    expect((await phone.next()).text).toBe("See you then.");
    await until(() => two.finished.length + three.finished.length === 1);
  });

  test("a dialogue that nobody answers is over in time", async () => {
    const { clock, process } = world();
    const { gateway, network, finished, failures } = await process();
    await gateway.start(booking, ana, { slot: "x" });
    await network.handset(ana).next();
    clock.advance("1d");
    await network.handset(ana).next();
    clock.advance("2d");
    await until(() => finished.length === 1);
    expect(finished[0]).toMatchObject({ reason: "timeout" });
    expect(failures).toHaveLength(1);
  });

  test("STOP ends all dialogues with the handset, over every number, and none begins until START", async () => {
    const { gateway, network, finished, sessions } = await world().process({
      replies: { stop: "You will hear no more.", start: "Welcome back.", help: "Ask us." },
    });
    await gateway.start(booking, ana, { slot: "a" });
    await gateway.start(booking, ana, { slot: "b" });
    await gateway.start(booking, "+358409999999", { slot: "c" });
    const phone = network.handset(ana);
    const [{ from }, other] = [await phone.next(), await phone.next()];
    await phone.send(from, "Please stop texting me");
    expect(await phone.next()).toMatchObject({ from, text: "You will hear no more." });
    await phone.send(other.from, "1");
    expect(await gateway.start(booking, ana, { slot: "d" })).toEqual({ ok: false, why: "stopped" });
    await phone.send(from, "HELP");
    expect((await phone.next()).text).toBe("Ask us.");
    expect([phone.received.length, finished.length]).toEqual([4, 0]);
    const live = [];
    for await (const { id } of sessions.list({ subject: "tel:+358409999999" })) live.push(id);
    expect(live).toHaveLength(1);
    await phone.send(from, "start");
    expect((await phone.next()).text).toBe("Welcome back.");
    expect(await gateway.start(booking, ana, { slot: "e" })).toMatchObject({ ok: true });
  });

  test("what comes twice counts once, also at the same time", async () => {
    const { gateway, network, finished } = await world().process();
    await gateway.start(booking, ana, { slot: "x" });
    const phone = network.handset(ana);
    const { from } = await phone.next();
    await Promise.all([phone.send(from, "2", "m1"), phone.send(from, "2", "m1"), phone.send(from, "2", "m1")]);
    expect((await phone.next()).text).toBe("Why not?");
    await phone.send(from, "2", "m1");
    await phone.send(from, "too late", "m2");
    await until(() => finished.length === 1);
    expect(finished[0]?.result).toMatchObject({ why: "too late" });
    expect(phone.received.map(({ text }) => text)).toHaveLength(3);
  });

  test("two processes that get two messages at once: each counts, in some order", async () => {
    const { process } = world();
    const network = simulatedNetwork();
    const first = await process({ transport: network });
    const second = simulatedNetwork();
    const other = await process({ transport: { ...second, send: (message) => network.send(message) } });
    await first.gateway.start(booking, ana, { slot: "x" });
    const { from } = await network.handset(ana).next();
    await Promise.all([network.handset(ana).send(from, "2", "m1"), second.handset(ana).send(from, "2", "m2")]);
    await until(() => first.finished.length + other.finished.length === 1);
    expect([...first.finished, ...other.finished][0]?.result).toMatchObject({ comes: false, why: "2" });
  });

  test("a network that is down is tried again; nothing is lost and the order is kept", async () => {
    const { clock, process } = world();
    const { gateway, network, finished, sessions } = await process();
    network.failWith(new TransportFailure("down", { temporary: true }));
    const started = (await gateway.start(booking, ana, { slot: "x" })) as { id: string };
    const phone = network.handset(ana);
    expect(phone.received).toHaveLength(0);
    network.failWith(undefined);
    clock.advance("2s");
    const { from } = await phone.next();
    network.failWith(new TransportFailure("down", { temporary: true }));
    await phone.send(from, "2");
    await phone.send(from, "because");
    for (let i = 0; i < 6; i++) {
      clock.advance("10s");
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    expect(finished).toEqual([]);
    expect((await sessions.info({ id: started.id }))?.ended).toBeUndefined();
    network.failWith(undefined);
    clock.advance("10m");
    expect([(await phone.next()).text, (await phone.next()).text]).toEqual(["Why not?", "Thank you."]);
    await until(() => finished.length === 1);
  });

  test("a message that the network will never take is told, and does not hold up the others", async () => {
    const { gateway, network, failures, sessions } = await world().process();
    network.failWith(new TransportFailure("no such number", { temporary: false }));
    const started = (await gateway.start(booking, ana, { slot: "x" })) as { id: string };
    expect(failures).toEqual([{ id: started.id, error: expect.objectContaining({ message: "no such number" }) as Error }]);
    expect((await sessions.info({ id: started.id }))?.ended).toBeUndefined();
  });

  describe("a pool that is exhausted", () => {
    const three = pool.slice(0, 3);
    const slots = ["a", "b", "c", "d", "e"];

    test("refuse", async () => {
      const { gateway } = await world().process({ numbers: three, exhausted: "refuse" });
      const started = [];
      for (const slot of slots) started.push((await gateway.start(booking, ana, { slot })).ok);
      expect(started).toEqual([true, true, true, false, false]);
      expect(await gateway.start(booking, "+358401111111", { slot: "f" })).toMatchObject({ ok: true });
    });

    test("queue: they begin in their order as numbers become free", async () => {
      const { clock, process } = world();
      const { gateway, network, finished } = await process({ numbers: three });
      for (const slot of slots) {
        expect(await gateway.start(booking, ana, { slot })).toMatchObject({ ok: true });
        clock.advance(1);
      }
      const phone = network.handset(ana);
      const asked = [await phone.next(), await phone.next(), await phone.next()];
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(phone.received).toHaveLength(3);
      await phone.send(asked[1]!.from, "1");
      expect((await phone.next()).text).toBe("See you then.");
      const fourth = await phone.next();
      expect([fourth.from, fourth.text[0]]).toEqual([asked[1]!.from, "d"]);
      for (const { from } of [asked[0]!, fourth, asked[2]!]) await phone.send(from, "1");
      await until(() => phone.received.some(({ text }) => text.startsWith("e:")));
      await phone.send(phone.received.find(({ text }) => text.startsWith("e:"))!.from, "1");
      await until(() => finished.length === 5);
    });

    test("menu: who answers over a shared number is asked which dialogue is meant, and the answer is kept until then", async () => {
      const { clock, process } = world();
      const { gateway, network, finished } = await process({ numbers: three.slice(0, 1), exhausted: "menu" });
      for (const slot of slots.slice(0, 3)) {
        expect(await gateway.start(booking, ana, { slot })).toMatchObject({ ok: true, number: three[0] });
        clock.advance(1);
      }
      const phone = network.handset(ana);
      for (let i = 0; i < 3; i++) await phone.next();
      await phone.send(three[0]!, "no", "m1");
      expect((await phone.next()).text).toBe("Which one?\n1 a: will you come?\n2 b: will you come?\n3 c: will you come?");
      // The network sends it again: nobody is asked again.
      await phone.send(three[0]!, "no", "m1");
      await phone.send(three[0]!, "2", "m2");
      expect((await phone.next()).text).toBe("Why not?");
      // Both come again when all is done.
      await phone.send(three[0]!, "no", "m1");
      await phone.send(three[0]!, "2", "m2");
      await phone.send(three[0]!, "I am away", "m3");
      expect((await phone.next()).text).toBe("Which one?\n1 a: will you come?\n2 Why not?\n3 c: will you come?");
      await phone.send(three[0]!, "2.", "m4");
      await until(() => finished.length === 1);
      expect(finished[0]?.result).toMatchObject({ slot: "b", why: "I am away" });
      expect((await phone.next()).text).toBe("Thank you.");
      for (const [answer, picks] of [
        ["1", "1"],
        ["yes", undefined],
      ] as const) {
        await phone.send(three[0]!, answer);
        if (picks !== undefined) await phone.next();
        if (picks !== undefined) await phone.send(three[0]!, picks);
        await phone.next();
      }
      await until(() => finished.length === 3);
      expect(finished.map(({ result }) => (result as { slot: string }).slot)).toEqual(["b", "a", "c"]);
    });

    test("menu: an answer that comes before the choice of the last is written down is asked about, and not forgotten", async () => {
      const { clock, process } = world();
      const network = simulatedNetwork();
      // Somebody answers faster than anything is written.
      const quick: Promise<void>[] = [];
      const { gateway, finished } = await process({
        numbers: three.slice(0, 1),
        exhausted: "menu",
        transport: {
          ...network,
          async send(message) {
            const sent = await network.send(message);
            if (message.text === "Why not?") quick.push(network.handset(ana).send(three[0]!, "I am away", "m3"));
            return sent;
          },
        },
      });
      for (const slot of ["a", "b"]) {
        await gateway.start(booking, ana, { slot });
        clock.advance(1);
      }
      const phone = network.handset(ana);
      await phone.send(three[0]!, "2", "m1");
      await phone.send(three[0]!, "1", "m2");
      await Promise.all(quick);
      await until(() => phone.received.at(-1)?.text.startsWith("Which one?\n1 Why not?"));
      await phone.send(three[0]!, "1", "m4");
      await until(() => finished.length === 1);
      expect(finished[0]?.result).toMatchObject({ slot: "a", why: "I am away" });
    });

    test("menu: whoever writes the keyword of a dialogue before an answer is not asked", async () => {
      const survey = dialogue("survey", async (talk) => talk.ask("How was it?"));
      const { clock, process } = world();
      const { gateway, network, finished } = await process({
        numbers: three.slice(0, 1),
        exhausted: "menu",
        dialogues: [booking, survey],
        keywords: { BOOK: "booking", SURVEY: "survey" },
      });
      await gateway.start(booking, ana, { slot: "a" });
      await gateway.start(survey, ana, null);
      const phone = network.handset(ana);
      await phone.send(three[0]!, "survey  book was\nfine");
      await until(() => finished.length === 1);
      expect(finished[0]).toMatchObject({ dialogue: "survey", result: "book was\nfine" });
      // The older comes first.
      clock.advance(1);
      await gateway.start(booking, ana, { slot: "b" });
      // Of two that have the keyword it does not tell which.
      await phone.send(three[0]!, "book yes");
      await until(() => phone.received.at(-1)?.text.startsWith("Which one?"));
      await phone.send(three[0]!, "2");
      expect(phone.received.at(-1)?.text).toBe("b: will you come?\n1 Yes\n2 No");
    });

    test("oldest-yields", async () => {
      const { clock, process } = world();
      const { gateway, network, sessions } = await process({ numbers: three, exhausted: "oldest-yields" });
      const ids: string[] = [];
      for (const slot of slots) {
        ids.push(((await gateway.start(booking, ana, { slot })) as { id: string }).id);
        clock.advance(1);
      }
      const reasons = [];
      for (const id of ids) reasons.push((await sessions.info({ id }))?.ended?.reason);
      expect(reasons).toEqual(["yielded", "yielded", undefined, undefined, undefined]);
      expect(network.handset(ana).received).toHaveLength(5);
    });
  });

  test("keywords begin a dialogue over the number that they came to; what nobody waited for is answered or dropped", async () => {
    const order = dialogue("order", async (talk, { words }: { words: readonly string[] }) => talk.ask(`How many ${words.join(" ")}?`));
    const { gateway, network, finished } = await world().process({
      dialogues: [booking, order],
      keywords: { ORDER: "order" },
      unexpected: ({ text }) => (text === "?" ? "Send ORDER and what you want." : undefined),
    });
    const phone = network.handset(ana);
    await phone.send(pool[3], "?");
    expect(await phone.next()).toMatchObject({ from: pool[3], text: "Send ORDER and what you want." });
    await phone.send(pool[3], "hello");
    await phone.send(pool[3], "Order brown  bread", "m1");
    expect(await phone.next()).toMatchObject({ from: pool[3], text: "How many brown bread?" });
    // The network sends it again: it is no answer, and begins no second one.
    await phone.send(pool[3], "Order brown  bread", "m1");
    // A word that begins a dialogue is an answer where one is waited for.
    await phone.send(pool[3], "order");
    await until(() => finished.length === 1);
    expect(finished[0]).toMatchObject({ dialogue: "order", result: "order" });
    await gateway.close();
  });

  test("a long message whose parts come one by one, out of order and twice, to two processes, is one answer", async () => {
    const { process } = world();
    const network = simulatedNetwork();
    const received: Parameters<Parameters<SimulatedNetwork["receive"]>[0]["message"]>[0][] = [];
    const one = await process({ transport: network });
    let hear: ((message: (typeof received)[number]) => Promise<void>) | undefined;
    const two = await process({
      transport: {
        ...simulatedNetwork(),
        send: (message) => network.send(message),
        receive: (receiver) => void (hear = (message) => receiver.message(message)),
      },
    });
    await one.gateway.start(booking, ana, { slot: "x" });
    const phone = network.handset(ana);
    const { from } = await phone.next();
    await phone.send(from, "no");
    await phone.next();
    const part = (index: number, text: string, id: string) => ({ id, from: "00358401234567", to: from, text, part: { reference: 7, count: 3, index } });
    await hear!(part(3, "ccc", "p3"));
    await Promise.all([hear!(part(1, "aaa", "p1")), hear!(part(1, "aaa", "p1"))]);
    await hear!(part(3, "ccc", "p3"));
    await hear!(part(2, "bbb", "p2"));
    await until(() => one.finished.length + two.finished.length === 1);
    expect([...one.finished, ...two.finished][0]?.result).toMatchObject({ why: "aaabbbccc" });
  });

  test("parts that never become a message are dropped after a time, and told, with nothing else coming in", async () => {
    const { clock, process } = world();
    const { sessions, failures, network } = await process();
    let hear: ((message: { from: string; to: string; text: string; part: { reference: number; count: number; index: number } }) => Promise<void>) | undefined;
    const other = await process({ transport: { ...simulatedNetwork(), receive: (receiver) => void (hear = (message) => receiver.message(message)) } });
    for (const [at, to] of [
      [1, pool[0]],
      [2, pool[0]],
      [1, pool[1]],
    ] as const)
      await hear!({ from: ana, to, text: "secret", part: { reference: 7, count: 3, index: at } });
    const parts = async (): Promise<unknown[]> => {
      const contact = await sessions.reach({ alias: `sms-contact ${ana}` }, { touch: false });
      return Object.entries(contact?.data ?? {}).filter(([field, value]) => field.startsWith("parts.") && "held" in (value as object));
    };
    expect(await parts()).toHaveLength(2);
    clock.advance(2 * 86_400_000);
    await until(() => failures.length + other.failures.length === 2);
    await until(async () => (await parts()).length === 0);
    const told = [...failures, ...other.failures].map((failure) => (failure as { error: Error }).error.message).toSorted();
    expect(told).toEqual([containing("1 of 3 parts"), containing("2 of 3 parts")]);
    expect(told.join()).not.toContain("secret");
    await network.close();
  });

  test("a dialogue of many turns lies in few fields, and each process reads all of it", { timeout: 20_000 }, async () => {
    const long = dialogue("long", async (talk) => {
      const all = [];
      for (let n = 0; n < 60; n++) all.push(await talk.ask(`${n}?`));
      return all.join(" ");
    });
    const { process } = world();
    const network = simulatedNetwork();
    const first = await process({ transport: network, dialogues: [long] });
    const started = (await first.gateway.start(long, ana, null)) as { id: string; number: string };
    const phone = network.handset(ana);
    for (let n = 0; n < 59; n++) {
      await phone.next();
      await phone.send(started.number, `a${n}`);
    }
    await until(() => phone.received.length === 60);
    const data = (await first.sessions.reach({ id: started.id }))?.data ?? {};
    expect(Object.keys(data).filter((field) => field.startsWith("turn."))).toHaveLength(3 + (60 % 16));
    await first.gateway.close();
    const second = await process({ transport: network, dialogues: [long] });
    await phone.send(started.number, "a59");
    await until(() => second.finished.length === 1);
    expect(second.finished[0]?.result).toBe(Array.from({ length: 60 }, (_, n) => `a${n}`).join(" "));
  });

  test("nobody is written to in quiet hours, but in answer", async () => {
    const { clock, process } = world();
    const { gateway, network } = await process({ quiet: { from: "21:00", to: "08:00", zone: "UTC" }, replies: { help: "Ask us." } });
    const day = 86_400_000;
    clock.advance(day - (clock.now() % day) + 22 * 3_600_000);
    await gateway.start(booking, ana, { slot: "x" });
    const phone = network.handset(ana);
    await phone.send(pool[0], "help");
    expect((await phone.next()).text).toBe("Ask us.");
    clock.advance("9h");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(phone.received).toHaveLength(1);
    clock.advance("1h");
    expect((await phone.next()).text).toContain("will you come?");
  });

  test("a number sends no faster than its rate, over all processes", async () => {
    const { clock, process } = world();
    const network = simulatedNetwork();
    const times: number[] = [];
    network.onDelivery(() => times.push(clock.now()));
    const processes = [
      await process({ transport: network, rate: { perSecond: 1 }, numbers: pool.slice(0, 1) }),
      await process({ transport: network, rate: { perSecond: 1 }, numbers: pool.slice(0, 1) }),
    ];
    for (let i = 0; i < 6; i++) await processes[i % 2]!.gateway.start(booking, `+35840200000${i}`, { slot: "x" });
    expect(times).toHaveLength(1);
    for (let i = 0; i < 200 && times.length < 6; i++) {
      clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    expect(times).toHaveLength(6);
    for (const [i, at] of times.entries()) expect(at - times[0]!).toBeGreaterThanOrEqual(i * 1_000);
  });

  test("receipts are told with the dialogue that they belong to", async () => {
    const receipts: unknown[] = [];
    const { gateway, network } = await world().process({ receipt: (receipt) => receipts.push(receipt) });
    const { id } = (await gateway.start(booking, ana, { slot: "x" })) as { id: string };
    const { reference } = await network.handset(ana).next();
    expect(reference).toMatch(/^[\w-]{1,32}$/);
    await network.report({ reference, state: "delivered" });
    expect(receipts).toEqual([{ reference, state: "delivered", id }]);
  });

  test("a version that is gone ends the dialogue; one that is kept goes on; one that fits is taken over", async () => {
    const { process } = world();
    const network = simulatedNetwork();
    const ask = (version: number, question: string, more: object = {}) =>
      dialogue("q", async (talk) => [version, await talk.ask("First?"), await talk.ask(question)], { version, ...more });
    const old = ask(1, "Second?");
    const one = await process({ transport: network, dialogues: [old] });
    const phone = network.handset(ana);
    const froms = [];
    for (let i = 0; i < 3; i++) {
      await one.gateway.start(old, ana, null);
      froms.push((await phone.next()).from);
    }
    await one.gateway.close();
    await one.sessions.close();
    const results = [];
    for (const [i, changed] of [ask(2, "Other?"), ask(2, "Other?", { older: { 1: old.script } }), ask(2, "Other?", { changed: "migrate" })].entries()) {
      const two = await process({ transport: network, dialogues: [changed] });
      await phone.send(froms[i]!, "a");
      if (i > 0) await phone.send(froms[i]!, "b");
      await until(() => two.finished.length === 1);
      results.push([two.finished[0]?.reason, two.finished[0]?.result]);
      await two.gateway.close();
      await two.sessions.close();
    }
    expect(results).toEqual([
      ["changed", undefined],
      ["done", [1, "a", "b"]],
      ["done", [2, "a", "b"]],
    ]);
  });
});

test("10,000 handsets answer at once: every answer finds its question, and the event loop goes on", { timeout: 120_000 }, async () => {
  const sessions = createSessions<Record<string, Json>>({ store: memoryStore(), kind: "sms" });
  const network = simulatedNetwork();
  const ask = dialogue("ask", async (talk, { i }: { i: number }) => [i, await talk.ask("How many?")]);
  let right = 0;
  let wrong = 0;
  const gateway = smsGateway(sessions, {
    transport: network,
    numbers: pool,
    dialogues: [ask],
    finished({ args, result }) {
      const [i, answer] = result as [number, string];
      if ((args as { i: number }).i === i && answer === String(i)) right++;
      else wrong++;
    },
  });
  await gateway.listen();
  const count = 10_000;
  const handset = (i: number): string => `+35850${1_000_000 + i}`;
  const questions = new Map<string, string>();
  network.onDelivery(({ to, from }) => questions.set(to, from));
  for (let i = 0; i < count; i += 100) await Promise.all(Array.from({ length: 100 }, (_, k) => gateway.start(ask, handset(i + k), { i: i + k })));
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, (_, i) => network.handset(handset(i)).send(questions.get(handset(i))!, String(i))));
  const took = performance.now() - began;
  clearInterval(ticking);
  console.log(`${count} answers in ${Math.round(took)} ms.`); // oxlint-disable-line no-console
  expect([right, wrong]).toEqual([count, 0]);
  expect(turns).toBeGreaterThan(1);
  await gateway.close();
  await sessions.close();
});

test("what comes from no handset, or to no number of ours, is dropped and told without its text", async () => {
  const sessions = createSessions<Record<string, Json>>({ store: memoryStore(), kind: "sms" });
  const network = simulatedNetwork();
  const failures: string[] = [];
  const gateway = smsGateway(sessions, {
    transport: network,
    numbers: pool,
    dialogues: [booking],
    failed: ({ error }) => void failures.push(String(error)),
    unexpected: () => "never",
  });
  await gateway.listen();
  await network.handset("ACME Bank").send(pool[0], "your secret is 1234");
  await network.handset("").send(pool[0], "x");
  await network.handset("+358 40 \u0000 1").send(pool[0], "x");
  await network.handset(ana).send("+3584599999", "x");
  expect(failures).toEqual([
    ...Array.from({ length: 3 }, () => expect.stringContaining("from what is no handset") as string),
    expect.stringContaining("to a number that is not in the pool") as string,
  ]);
  expect(failures.join()).not.toMatch(/1234|ACME/);
  expect(network.handset(ana).received).toEqual([]);
  await expect(gateway.start(booking, "call me", { slot: "x" })).rejects.toMatchObject({ code: "invalid_field", message: containing("E.164") });
  await gateway.close();
});

test("settings are checked, and say what to do", () => {
  const sessions = createSessions<Record<string, Json>>({ store: memoryStore() });
  const gateway = (options: Partial<SmsOptions>): SmsGateway =>
    smsGateway(sessions, { transport: simulatedNetwork(), numbers: pool, dialogues: [booking], ...options });
  const refusal = (message: string): Error => expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) as string }) as Error;
  expect(() => gateway({ numbers: [] })).toThrow(refusal("numbers is empty"));
  expect(() => gateway({ numbers: ["call me"] })).toThrow(refusal('"call me" in numbers is no telephone number'));
  expect(() => gateway({ keywords: { GO: "nothing" } })).toThrow(refusal('There is no dialogue "nothing"'));
  expect(() => gateway({ rate: { perSecond: 0 } })).toThrow(refusal("rate.perSecond is 0"));
  expect(() => gateway({ quiet: { from: "25:00", to: "08:00", zone: "UTC" } })).toThrow(refusal("25:00"));
});
