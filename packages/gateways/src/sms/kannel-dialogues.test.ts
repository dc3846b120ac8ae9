import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "lmdb";
import { createSessions, type Store } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { kannelConfig } from "./kannel-config.ts";
import { missing, startKannel, type Arrived, type KannelBoxes } from "./kannel.fixture.ts";
import { dialogue, kannel, smsGateway, type Exhausted, type Finished, type Json, type Kannel, type SmsGateway } from "./sms.ts";

const webhooks = { secret: "0123456789abcdefXYZ" };
const account = { username: "sojourn", password: "p%41ss" };
const pool = ["+3584570001", "+3584570002", "+3584570003", "+3584570004", "+3584570005"];
const slots = ["a", "b", "c", "d", "e"];

const booking = dialogue("booking", async (talk, args: { slot: string } | { words: readonly string[] }) => {
  const slot = "slot" in args ? args.slot : args.words.join(" ");
  const comes = await talk.menu(`${slot}: will you come?`, { yes: "Yes", no: "No" });
  return { slot, comes, name: await talk.ask("Under which name?") };
});

describe.skipIf(missing !== undefined)(`dialogues through Kannel${missing === undefined ? "" : ` (${missing})`}`, () => {
  let server: Server;
  let boxes: KannelBoxes;
  let folder: string;
  let store: Store & { close(): unknown };
  let end: () => Promise<void>;
  /** The one gateway that takes messages in at the moment. */
  let door: Kannel | undefined;
  const undo: (() => unknown)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sojourn-kannel-dialogues-"));
    const root = openLmdb(open, folder);
    const opened = lmdbStore(root);
    store = opened;
    end = async () => {
      await opened.close();
      await root.close();
    };
    server = createServer((incoming, outgoing) => {
      void (async () => {
        const answer = (await door?.fetch(new Request(`http://127.0.0.1${incoming.url}`))) ?? new Response(undefined, { status: 503 });
        outgoing.writeHead(answer.status).end(await answer.text());
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    boxes = await startKannel(kannelConfig({ ...webhooks, ...account, callback: callback() }));
  }, 30_000);
  afterAll(async () => {
    await boxes?.stop();
    server.closeAllConnections();
    server.close();
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  const callback = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/kannel`;

  async function gateway(
    exhausted: Exhausted,
    numbers: readonly string[] = pool,
  ): Promise<{ gateway: SmsGateway; finished: Finished[]; stop(): Promise<void> }> {
    const sessions = createSessions<Record<string, Json>>({ store, kind: "sms", sweep: 50 });
    const finished: Finished[] = [];
    const transport = kannel({ ...webhooks, ...account, callback: callback(), url: boxes.url });
    const one = smsGateway(sessions, {
      transport,
      numbers,
      dialogues: [booking],
      keywords: { BOOK: "booking" },
      exhausted,
      finished: (outcome) => void finished.push(outcome),
    });
    await one.listen();
    door = transport;
    const stop = async (): Promise<void> => {
      if (door === transport) door = undefined;
      await one.close();
      await sessions.close();
    };
    undo.push(stop);
    return { gateway: one, finished, stop };
  }

  const textOf = ({ kind, octets }: Arrived): string => new TextDecoder(kind === "ucs-2" ? "utf-16be" : "utf-8").decode(octets);
  const arrivedAt = (handset: string): readonly { from: string; text: string }[] =>
    boxes.handsets
      .arrived()
      .filter(({ to }) => to === handset)
      .map((one) => ({ from: one.from, text: textOf(one) }));
  const say = (handset: string, to: string, text: string): void => boxes.handsets.say(`${handset} ${to} text ${text}`);

  async function until<T>(what: () => T | undefined | false): Promise<T> {
    for (let i = 0; i < 1500; i++) {
      const found = what();
      if (found !== undefined && found !== false) return found;
      await sleep(10);
    }
    throw new Error(`It did not come about: ${what.toString()}`);
  }
  const asked = (handset: string, text: string): Promise<{ from: string; text: string }> =>
    until(() => arrivedAt(handset).find((one) => one.text.startsWith(text)));

  it("a keyword, a question, an answer; another process takes over in between", async () => {
    const first = await gateway("queue");
    say("+358401000001", pool[2]!, "Book Monday at nine");
    expect(await asked("+358401000001", "Monday at nine: will you come?")).toMatchObject({ from: pool[2] });
    await first.stop();
    // While nobody is there Kannel keeps what the handset sends.
    say("+358401000001", pool[2]!, "1");
    await sleep(200);
    const second = await gateway("queue");
    expect(await asked("+358401000001", "Under which name?")).toMatchObject({ from: pool[2] });
    // The same handset, in the way in which another network writes it.
    say("00358401000001", pool[2]!, "Ana");
    await until(() => second.finished.length === 1);
    expect(second.finished[0]?.result).toEqual({ slot: "Monday at nine", comes: "yes", name: "Ana" });
  });

  it("five dialogues at once with one handset over five numbers, answered in random order: none is misrouted", async () => {
    const { gateway: one, finished } = await gateway("refuse");
    const ana = "+358401000002";
    for (const slot of slots) expect(await one.start(booking, ana, { slot })).toMatchObject({ ok: true });
    const questions = await Promise.all(slots.map((slot) => asked(ana, `${slot}: will`)));
    expect(new Set(questions.map(({ from }) => from)).size).toBe(5);
    const shuffled = <T>(all: readonly T[]): T[] =>
      all
        .map((value) => [Math.random(), value] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, value]) => value);
    for (const { from } of shuffled(questions)) say(ana, from, "1");
    await until(() => arrivedAt(ana).filter(({ text }) => text === "Under which name?").length === 5);
    for (const { from, text } of shuffled(questions)) say(ana, from, `name of ${text[0]}`);
    await until(() => finished.length === 5);
    for (const { result } of finished) {
      const { slot, name } = result as { slot: string; name: string };
      expect(name).toBe(`name of ${slot}`);
    }
  });

  it.each<[Exhausted, number, string]>([
    ["refuse", 3, "a,b,c"],
    ["queue", 3, "a,b,c,d,e"],
    ["oldest-yields", 5, "c,d,e"],
  ])("five dialogues over three numbers, exhausted: %s", async (exhausted, first, done) => {
    const ana = `+3584010001${first}${exhausted.length}`;
    const { gateway: one, finished } = await gateway(exhausted, pool.slice(0, 3));
    const started = [];
    for (const slot of slots) {
      started.push((await one.start(booking, ana, { slot })).ok);
      await sleep(2);
    }
    expect(started.filter(Boolean)).toHaveLength(exhausted === "refuse" ? 3 : 5);
    await until(() => arrivedAt(ana).length === first);
    const answered = new Set<string>();
    for (const slot of done.split(",")) {
      const { from } = await asked(ana, `${slot}: will`);
      const before = arrivedAt(ana).filter(({ text }) => text === "Under which name?").length;
      say(ana, from, "2");
      await until(() => arrivedAt(ana).filter(({ text }) => text === "Under which name?").length > before);
      say(ana, from, `name of ${slot}`);
      answered.add(slot);
      await until(() => finished.length === answered.size);
    }
    expect(finished.map(({ result }) => result as { slot: string; name: string }).map(({ slot, name }) => `${slot} ${name}`)).toEqual(
      done.split(",").map((slot) => `${slot} name of ${slot}`),
    );
  });

  it("five dialogues over three numbers, exhausted: menu; who answers over a shared number is asked which is meant", async () => {
    const ana = "+358401000009";
    const { gateway: one, finished } = await gateway("menu", pool.slice(0, 3));
    for (const slot of slots) {
      expect(await one.start(booking, ana, { slot })).toMatchObject({ ok: true });
      await sleep(2);
    }
    await until(() => arrivedAt(ana).length === 5);
    for (const [at, slot] of slots.entries()) {
      const { from } = await asked(ana, `${slot}: will`);
      for (const [answer, then] of [
        ["2", "Under which name?"],
        [`name of ${slot}`, undefined],
      ] as const) {
        const before = arrivedAt(ana).length;
        say(ana, from, answer);
        const done = (): boolean => (then === undefined ? finished.length > at : arrivedAt(ana).at(-1)?.text === then && arrivedAt(ana).length > before);
        const which = await until(() =>
          done()
            ? "none"
            : arrivedAt(ana)
                .slice(before)
                .find(({ text }) => text.startsWith("Which one?")),
        );
        if (which === "none") continue;
        const choice = which.text.split("\n").find((line) => line.includes(then === undefined ? "Under which name?" : `${slot}: will`));
        say(ana, from, String(choice?.[0]));
        await until(done);
      }
    }
    expect(finished.map(({ result }) => result)).toEqual(slots.map((slot) => ({ slot, comes: "no", name: `name of ${slot}` })));
  });
});
