import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { milliseconds, SojournError, type Duration } from "sojourn";
import { z } from "zod";
import { began, begin, ways, type Life } from "./dialogue.fixture.ts";
import { dialogue, NotUnderstood, turn, Unanswered, type AskOptions, type Script, type Standing, type Talk } from "./dialogue.ts";

const done = (result: unknown): object => ({ state: "done", result });
const waiting = (text: boolean, after?: Duration): object => ({
  state: "waiting",
  on: { text, until: after === undefined ? undefined : began + milliseconds(after, "after") },
});
const failed = (error: unknown): object => ({ state: "failed", error });
const says = (message: string): object => failed(expect.objectContaining({ message: expect.stringContaining(message) as string }));

/** Asks with these options, and is nothing but the answer. */
function asking<Answer>(options?: AskOptions<Answer>): Script<undefined, Answer> {
  return (talk) => talk.ask("How many?", options);
}

describe.each(Object.entries(ways))("a dialogue, lived %s:", (_, kept) => {
  const live = <Result>(script: Script<undefined, Result>): Promise<Life<Result>> => begin(kept, script);

  describe("say", () => {
    it("says in order, each once, and goes on", async () => {
      const life = await live(async (talk) => {
        expect(await talk.say("one")).toBeUndefined();
        await talk.say("one");
        await talk.ask("two");
        await talk.say("three");
        return talk.ask("four");
      });
      expect(life.last().said).toEqual(["one", "one", "two"]);
      expect(await life.hears("x")).toEqual(["three", "four"]);
      expect(await life.hears("y")).toEqual([]);
      expect(life.reached()).toEqual(done("y"));
    });

    it("keeps no text of what was said", async () => {
      const life = await live(async (talk) => {
        await talk.say("Your code is 4711.");
        await talk.ask("Do you live at 12 Mill Lane?");
      });
      expect(JSON.stringify(life.journal())).not.toMatch(/4711|Mill/);
    });

    it.each([undefined, null, 5, {}])("refuses what is no text: %j", async (text) => {
      const wrong: Script<undefined, unknown>[] = [
        (talk) => talk.say(text as string),
        (talk) => talk.ask(text as string),
        (talk) => talk.menu(text as string, { a: "A" }),
      ];
      if (text !== undefined)
        wrong.push(
          (talk) => talk.ask("?", { again: text as string }),
          (talk) => talk.ask("?", { remind: { after: "1m", text: text as string } }),
        );
      for (const script of wrong) {
        const life = await live(script);
        expect(life.reached()).toEqual(failed(expect.objectContaining({ code: "invalid_field", message: expect.stringContaining("not a text") as string })));
        expect(life.said()).toEqual([]);
      }
    });
  });

  describe("ask", () => {
    it("waits for a message as long as it takes, and gives it without blanks around it", async () => {
      const life = await live(asking());
      expect(life.said()).toEqual(["How many?"]);
      expect(life.reached()).toEqual(waiting(true));
      await life.passes("365d");
      expect(life.last()).toMatchObject({ taken: false, steps: [], said: [], reached: waiting(true) });
      await life.hears(" \n two or  three\t");
      expect(life.last()).toMatchObject({ taken: true, reached: done("two or  three") });
    });

    it("does not take blanks for an answer: it asks twice more, then nothing was understood", async () => {
      const life = await live(asking());
      expect(await life.hears("")).toEqual(["How many?"]);
      expect(await life.hears(" \u00A0\r\n")).toEqual(["How many?"]);
      expect(await life.hears("\u3000")).toEqual([]);
      expect(life.reached()).toEqual(failed(expect.any(NotUnderstood)));
      expect(life.reached()).toMatchObject({ error: { name: "NotUnderstood" } });
    });

    const readers: Readonly<Record<string, NonNullable<AskOptions<number>["read"]>>> = {
      "a function": (said) => (/^[1-9]$/.test(said) ? Number(said) : undefined),
      zod: z.string().regex(/^\d$/).pipe(z.coerce.number<string>().min(1)),
      valibot: v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(1), v.maxValue(9)),
      // A schema of ArkType is a function as well.
      arktype: type("string.integer.parse").to("1 <= number <= 9"),
      "a schema that answers later": {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: async (said) => (/^[1-9]$/.test(String(said)) ? { value: Number(said) } : { issues: [{ message: "no" }] }),
        },
      },
    };
    for (const [name, read] of Object.entries(readers)) {
      it(`reads by ${name}`, async () => {
        const life = await live(asking({ read }));
        expect(await life.hears("many")).toEqual(["How many?"]);
        expect(await life.hears("0")).toEqual(["How many?"]);
        expect(await life.hears(" 3 ")).toEqual([]);
        expect(life.reached()).toEqual(done(3));
      });
    }

    it("reads anew in each turn, so an answer may be what JSON cannot keep", async () => {
      const life = await live(async (talk) => {
        const day = await talk.ask("Which day?", { read: (said) => new Date(said) });
        await talk.ask("Sure?");
        return day;
      });
      await life.hears("2031-02-03");
      await life.hears("yes");
      expect(life.reached()).toEqual(done(new Date("2031-02-03")));
    });

    it("understands what a function gives unless it is undefined", async () => {
      for (const value of [0, "", false, null]) {
        const life = await live(asking<unknown>({ read: () => value }));
        await life.hears("x");
        expect(life.reached()).toEqual(done(value));
      }
    });

    it.each([0, 1, 5])("asks again as often as it is told: %i", async (retries) => {
      const life = await live(asking({ read: () => undefined, retries }));
      for (let i = 0; i < retries; i++) expect(await life.hears("?")).toEqual(["How many?"]);
      expect(await life.hears("?")).toEqual([]);
      expect(life.reached()).toEqual(failed(expect.any(NotUnderstood)));
    });

    it("asks again with a text of its own, and for ever if it is told so", async () => {
      const life = await live(asking({ read: (said) => (said === "7" ? 7 : undefined), again: "A number, please.", retries: Infinity }));
      for (let i = 0; i < 50; i++) expect(await life.hears("?")).toEqual(["A number, please."]);
      await life.hears("7");
      expect(life.reached()).toEqual(done(7));
    });

    it("is unanswered after its timeout, and not before", async () => {
      const life = await live(asking({ timeout: "10m" }));
      expect(life.reached()).toEqual(waiting(true, "10m"));
      await life.passes(599_999);
      expect(life.last()).toMatchObject({ taken: false, reached: waiting(true, "10m") });
      await life.passes(1);
      expect(life.last()).toMatchObject({ taken: true, said: [], reached: failed(expect.any(Unanswered)) });
      expect(life.reached()).toMatchObject({ error: { name: "Unanswered" } });
    });

    it("counts its timeout from the question, whatever is said in between", async () => {
      const life = await live(asking({ timeout: "10m", retries: 9 }));
      await life.passes("9m");
      await life.hears("");
      expect(life.reached()).toEqual(waiting(true, "10m"));
      await life.passes("1m");
      expect(life.reached()).toEqual(failed(expect.any(Unanswered)));
    });

    it("takes a message that comes before anybody has seen that time was up", async () => {
      const late = await turn(asking({ timeout: "1m", remind: "30s" }), undefined, { journal: [] }, { now: () => began });
      const answered = await turn(
        asking({ timeout: "1m", remind: "30s" }),
        undefined,
        kept({ journal: late.steps }),
        // A wake may be late; an answer is worth more than that.
        { happened: { at: began + 61_000, text: "2" }, now: () => began + 61_000 },
      );
      expect(answered).toMatchObject({ taken: true, said: [], reached: done("2") });
    });

    it("reminds once, of the question", async () => {
      const life = await live(asking({ remind: "1h" }));
      expect(life.reached()).toEqual(waiting(true, "1h"));
      await life.passes("59m");
      expect(life.last().taken).toBe(false);
      expect(await life.passes("1m")).toEqual(["How many?"]);
      expect(life.reached()).toEqual(waiting(true));
      await life.passes("30d");
      expect(life.last()).toMatchObject({ taken: false, said: [] });
      await life.hears("2");
      expect(life.reached()).toEqual(done("2"));
    });

    it("reminds with a text of its own, before its timeout, also of an answer that was not understood", async () => {
      const life = await live(
        asking({ read: (said) => Number(said) || undefined, again: "A number!", remind: { after: "1h", text: "Still there?" }, timeout: "3h" }),
      );
      expect(await life.hears("?")).toEqual(["A number!"]);
      expect(life.reached()).toEqual(waiting(true, "1h"));
      expect(await life.passes("1h")).toEqual(["Still there?"]);
      expect(life.reached()).toEqual(waiting(true, "3h"));
      expect(await life.hears("?")).toEqual(["A number!"]);
      expect(await life.passes("2h")).toEqual([]);
      expect(life.reached()).toEqual(failed(expect.any(Unanswered)));
      expect(life.said()).toEqual(["How many?", "A number!", "Still there?", "A number!"]);
    });

    it("does not remind who has answered", async () => {
      const life = await live(async (talk) => [await talk.ask("First?", { remind: "1m" }), await talk.ask("Second?", { remind: "2m" })]);
      await life.hears("1");
      expect(life.reached()).toEqual(waiting(true, "2m"));
      await life.passes("90s");
      expect(life.last().taken).toBe(false);
    });

    it("does not remind when the reminder comes so late that time is up", async () => {
      for (const remind of ["1h", "2h", "3h"] as const) {
        const life = await live(asking({ remind, timeout: "2h" }));
        expect(await life.passes("2h")).toEqual([]);
        expect(life.reached()).toEqual(failed(expect.any(Unanswered)));
      }
    });

    it("gives what it is told to give otherwise, undefined too", async () => {
      for (const otherwise of ["none", undefined]) {
        const silent = await live(asking<string | undefined>({ timeout: "1m", otherwise }));
        await silent.passes("1m");
        expect(silent.reached()).toEqual(done(otherwise));
        const odd = await live(asking<string | undefined>({ retries: 0, otherwise }));
        await odd.hears("");
        expect(odd.reached()).toEqual(done(otherwise));
      }
    });

    it("lets a dialogue go on without an answer", async () => {
      const life = await live(async (talk) => {
        try {
          return await talk.ask("Here?", { timeout: "1m" });
        } catch (error) {
          if (!(error instanceof Unanswered)) throw error;
          return talk.ask("Really not?", { retries: 0 }).catch((problem: unknown) => (problem as Error).name);
        }
      });
      expect(await life.passes("1m")).toEqual(["Really not?"]);
      await life.hears("");
      expect(life.reached()).toEqual(done("NotUnderstood"));
    });

    it.each<[string, AskOptions<string>, string]>([
      ["timeout", { timeout: 0 }, "timeout is 0"],
      ["timeout", { timeout: "soon" as "1s" }, 'timeout is "soon"'],
      ["remind", { remind: -1 }, "remind is -1"],
      ["remind with a text", { remind: { after: "1 h" as "1h", text: "?" } }, 'remind is "1 h"'],
      ["retries", { retries: -1 }, "retries is -1"],
      ["retries", { retries: 1.5 }, "retries is 1.5"],
      ["retries", { retries: Number.NaN }, "retries is NaN"],
    ])("refuses a wrong %s before anybody is asked", async (_setting, options, message) => {
      const life = await live(asking(options));
      expect(life.reached()).toEqual(failed(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) as string })));
      expect(life.said()).toEqual([]);
    });

    it("has the type of what it reads", () => {
      const script = async (talk: Talk): Promise<void> => {
        expectTypeOf(await talk.ask("?")).toEqualTypeOf<string>();
        expectTypeOf(await talk.ask("?", { timeout: "1m" })).toEqualTypeOf<string>();
        expectTypeOf(await talk.ask("?", { read: Number })).toEqualTypeOf<number>();
        expectTypeOf(await talk.ask("?", { read: z.coerce.date() })).toEqualTypeOf<Date>();
        expectTypeOf(await talk.menu("?", { a: "A", b: "B" })).toEqualTypeOf<"a" | "b">();
        expectTypeOf(await talk.run("x", async () => ({ id: 1 }))).toEqualTypeOf<{ id: number }>();
      };
      expect(script).toBeTypeOf("function");
    });
  });

  describe("menu", () => {
    const colours = { r: "Red", g: "Dark green", blue: "B" };
    const choosing: Script<undefined, string> = (talk) => talk.menu("Which colour?", colours, { retries: 0, otherwise: "-" as "r" });

    it("writes the choices under the question", async () => {
      expect((await live(choosing)).said()).toEqual(["Which colour?\n1 Red\n2 Dark green\n3 B"]);
    });

    it.each([
      ["its number", ["2", " 2 ", "02", "2.", "2)", "2 !", "2...", "2\uFE0F\u20E3", "2 \u{1F44D}"], "g"],
      ["its key", ["r", "R", " r\n"], "r"],
      ["its label, in any case", ["dark green", "DARK GREEN", "Dark green "], "g"],
      ["its key or its label, of the same choice", ["blue", "BLUE", "b"], "blue"],
      ["nothing", ["", "0", "4", "10", "-1", "1.5", "1 2", "12", "2nd", "2\u00E9", "2\u00BD", "1e0", "0x1", "2......", "dark", "Red, please"], "-"],
    ])("takes a choice by %s", async (_name, answers, key) => {
      for (const answer of answers) {
        const life = await live(choosing);
        await life.hears(answer);
        expect([answer, life.reached()]).toEqual([answer, done(key)]);
      }
    });

    it("has as many choices as are given", async () => {
      const choices = Object.fromEntries(Array.from({ length: 120 }, (_value, i) => [`key${i + 1}`, `Label ${i + 1}`]));
      for (const [answer, key] of Object.entries({
        9: "key9",
        10: "key10",
        99: "key99",
        "100.": "key100",
        120: "key120",
        "label 11": "key11",
        key12: "key12",
        121: "-",
      })) {
        const life = await live((talk) => talk.menu("Which?", choices, { retries: 0, otherwise: "-" }));
        expect(life.said()[0]?.split("\n")).toHaveLength(121);
        await life.hears(answer);
        expect(life.reached()).toEqual(done(key));
      }
    });

    it("takes a number that is no choice's for a name, if it is one", async () => {
      const script: Script<undefined, string> = (talk) =>
        talk.menu("How many nights?", { "3": "three", "7": "a week", fortnight: "14" }, { retries: 0, otherwise: "-" as "3" });
      for (const [answer, key] of Object.entries({ 1: "3", 2: "7", 3: "fortnight", 7: "7", 14: "fortnight", 8: "-" })) {
        const life = await live(script);
        await life.hears(answer);
        expect([answer, life.reached()]).toEqual([answer, done(key)]);
      }
    });

    it("takes the label, which is shown, before a key, which is not", async () => {
      const life = await live((talk) => talk.menu("Which row?", { b: "A", a: "B" }));
      await life.hears("b");
      expect(life.reached()).toEqual(done("a"));
    });

    it("finds a label that has blanks around it", async () => {
      const life = await live((talk) => talk.menu("?", { a: " Left ", b: "Right" }));
      await life.hears("left");
      expect(life.reached()).toEqual(done("a"));
    });

    it("asks again, reminds and times out as ask does", async () => {
      const life = await live((talk) => talk.menu("Which?", { a: "A" }, { retries: 1, remind: "1m", timeout: "2m", otherwise: "a" }));
      const menu = "Which?\n1 A";
      expect(await life.hears("2")).toEqual([menu]);
      expect(await life.passes("1m")).toEqual([menu]);
      expect(await life.passes("1m")).toEqual([]);
      expect(life.reached()).toEqual(done("a"));
      const strict = await live((talk) => talk.menu("Which?", { a: "A" }, { retries: 1, again: "1 or nothing." }));
      expect(await strict.hears("2")).toEqual(["1 or nothing."]);
      await strict.hears("2");
      expect(strict.reached()).toEqual(failed(expect.any(NotUnderstood)));
    });

    it("refuses a menu without choices, and labels that are no texts", async () => {
      for (const [choices, message] of [
        [{}, "has no choices"],
        [{ a: undefined }, 'choice "a"'],
      ] as const) {
        const life = await live((talk) => talk.menu("Which?", choices as unknown as Record<string, string>));
        expect(life.reached()).toEqual(failed(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) as string })));
        expect(life.said()).toEqual([]);
      }
    });
  });

  describe("sleep", () => {
    it("goes on after a while, not before, and a message does not wake it", async () => {
      const life = await live(async (talk) => {
        await talk.say("Good night.");
        await talk.sleep("8h");
        await talk.say("Good morning.");
        return talk.ask("Slept well?");
      });
      expect(life.reached()).toEqual(waiting(false, "8h"));
      expect(await life.hears("Hello?")).toEqual([]);
      expect(life.last()).toMatchObject({ taken: false, steps: [], reached: waiting(false, "8h") });
      await life.passes("7h");
      expect(life.last()).toMatchObject({ taken: false, reached: waiting(false, "8h") });
      expect(await life.passes("1h")).toEqual(["Good morning.", "Slept well?"]);
      expect(life.last().taken).toBe(true);
      await life.hears("Hello!");
      expect(life.reached()).toEqual(done("Hello!"));
    });

    it("does not wake by a message that comes late", async () => {
      const asleep = await turn(async (talk: Talk) => talk.sleep("1m"), undefined, { journal: [] }, { now: () => began });
      const late = { happened: { at: began + 61_000, text: "x" }, now: () => began + 61_000 };
      expect(await turn(async (talk: Talk) => talk.sleep("1m"), undefined, kept({ journal: asleep.steps }), late)).toMatchObject({ taken: false });
    });

    it("refuses a wrong duration", async () => {
      const life = await live((talk) => talk.sleep(0));
      expect(life.reached()).toEqual(says("sleep is 0"));
    });
  });

  describe("now and random", () => {
    it("are what they were when they were asked for", async () => {
      const life = await live(async (talk) => {
        const first = [await talk.now(), await talk.random()];
        await talk.sleep("1h");
        const second = [await talk.now(), await talk.random()];
        await talk.ask("?");
        return [first, second];
      });
      await life.passes("1h");
      await life.passes("1h");
      await life.hears("x");
      const [first, second] = (life.reached() as unknown as { result: [[number, number], [number, number]] }).result;
      expect([first[0], second[0]]).toEqual([began, began + 3_600_000]);
      expect(first[1]).not.toBe(second[1]);
      for (const chance of [first[1], second[1]]) expect(chance >= 0 && chance < 1).toBe(true);
    });

    it("chance can be given", async () => {
      const run = await turn((talk: Talk) => talk.random(), undefined, { journal: [] }, { now: () => 0, chance: () => 0.25 });
      expect(run.reached).toEqual(done(0.25));
    });
  });

  describe("run", () => {
    it("does it once, and keeps what it gave", async () => {
      let calls = 0;
      const life = await live(async (talk) => {
        const order = await talk.run("order", async () => ({ id: ++calls }));
        const nothing = await talk.run("log", () => void calls++);
        await talk.ask("?");
        await talk.ask("?");
        return [order, nothing];
      });
      await life.hears("x");
      await life.hears("y");
      expect(life.reached()).toStrictEqual(done([{ id: 1 }, undefined]));
      expect(calls).toBe(2);
    });

    it("keeps the message of what it threw, which can be caught", async () => {
      let calls = 0;
      const life = await live(async (talk) => {
        const heard = await talk
          .run("pay", async () => {
            calls++;
            throw new TypeError("The card was refused.");
          })
          .catch((error: unknown) => `${(error as Error).name}: ${(error as Error).message}`);
        await talk.ask("?");
        return heard;
      });
      await life.hears("x");
      // The name of what was thrown is not kept, so it is not there the first time either.
      expect([life.reached(), calls]).toEqual([done("Error: The card was refused."), 1]);
    });

    it("ends the dialogue with what it threw, if nobody catches it", async () => {
      expect((await live((talk) => talk.run("pay", () => Promise.reject(new Error("No money."))))).reached()).toEqual(failed(new Error("No money.")));
      for (const [thrown, message] of [
        ["text", "text"],
        [null, "null"],
        [Object.assign(new Error("x"), { message: undefined }), "undefined"],
        [Object.create(null), ""],
      ] as const) {
        const life = await live((talk) =>
          talk.run("odd", () => {
            throw thrown;
          }),
        );
        expect(life.reached()).toEqual(failed(new Error(message)));
      }
    });

    it("what is done to its result is not done to what is kept", async () => {
      const life = await live(async (talk) => {
        const cart = await talk.run("cart", () => ["apple"]);
        cart.push(await talk.ask("What else?"));
        cart.push(await talk.ask("What else?"));
        return cart;
      });
      await life.hears("pear");
      await life.hears("plum");
      expect(life.reached()).toEqual(done(["apple", "pear", "plum"]));
      const early = await live(async (talk) => {
        const cart = await talk.run("cart", () => ["apple"]);
        cart.push("pear");
        await talk.ask("What else?");
        return cart;
      });
      await early.hears("x");
      expect(early.reached()).toEqual(done(["apple", "pear"]));
    });

    it("what JSON cannot keep ends the dialogue: it was done, and would be done again", async () => {
      let calls = 0;
      const life = await live(async (talk) => {
        await talk.run("count", () => BigInt(++calls) as unknown as number).catch(() => undefined);
        return talk.ask("?");
      });
      expect(life.reached()).toEqual(failed(expect.objectContaining({ code: "invalid_field", message: expect.stringContaining("JSON") as string })));
      expect([calls, life.said()]).toEqual([1, []]);
    });

    it("is another one by another name", async () => {
      const first = await live(async (talk) => [await talk.run("a", () => 1), await talk.ask("?")]);
      const then = await begin(kept, async (talk) => [await talk.run("b", () => 1), await talk.ask("?")], { journal: first.journal() });
      expect(then.reached()).toEqual(says("Step 1, run, is not what it was before"));
    });
  });

  describe("part", () => {
    const address = dialogue("address", async (talk, args: { whose: string }) => {
      const city = await talk.ask(`${args.whose} city?`, { retries: 0 });
      await talk.say(`${city}, thank you.`);
      return { city, chance: await talk.random() };
    });
    const trip: Script<undefined, unknown> = async (talk) => {
      const from = await talk.part(address, { whose: "From which" });
      const to = await talk.part(address, { whose: "To which" });
      await talk.say(`${from.city} to ${to.city}`);
      return [from, to, await talk.ask("Right?")];
    };

    it("is lived in the journal of its parent", async () => {
      const life = await live(trip);
      expect(life.said()).toEqual(["From which city?"]);
      expect(await life.hears("Turku")).toEqual(["Turku, thank you.", "To which city?"]);
      expect(await life.hears("Oulu")).toEqual(["Oulu, thank you.", "Turku to Oulu", "Right?"]);
      expect(life.journal().map(({ op }) => op)).toEqual(["ask", "answer", "say", "random", "ask", "answer", "say", "random", "say", "ask"]);
      await life.hears("yes");
      expect(life.reached()).toMatchObject(done([{ city: "Turku" }, { city: "Oulu" }, "yes"]));
    });

    it("fails into its parent", async () => {
      const life = await live((talk) => talk.part(address, { whose: "Which" }).catch((error: unknown) => (error as Error).name));
      await life.hears("");
      expect(life.reached()).toEqual(done("NotUnderstood"));
    });

    it("that has changed is detected", async () => {
      const before = await live(trip);
      await before.hears("Turku");
      const changed: typeof address = { ...address, script: async (talk, { whose }) => ({ city: await talk.ask(`${whose} town?`), chance: 0 }) };
      const life = await begin(
        kept,
        async (talk) => {
          await talk.part(address, { whose: "From which" });
          return talk.part(changed, { whose: "To which" });
        },
        { journal: before.journal() },
      );
      expect(life.reached()).toEqual(says("Step 5, ask, is not what it was before"));
      expect(life.said()).toEqual([]);
    });

    it("begins at its own beginning, and its checkpoints do not make its parent forget", async () => {
      const rounds = dialogue("rounds", async (talk, most: number) => {
        const heard = (talk.state ?? []) as string[];
        while (heard.length < most) {
          heard.push(await talk.ask(`Round ${heard.length}?`));
          await talk.checkpoint(heard);
          expect(talk.state).toEqual(heard);
        }
        return heard;
      });
      const life = await live(async (talk) => {
        await talk.checkpoint({ of: "parent" });
        await talk.say("Hello.");
        const heard = await talk.part(rounds, 3);
        expect(talk.state).toEqual({ of: "parent" });
        return [heard, await talk.ask("Enough?")];
      });
      for (const one of ["a", "b", "c", "yes"]) await life.hears(one);
      expect(life.reached()).toEqual(done([["a", "b", "c"], "yes"]));
      expect(life.said()).toEqual(["Hello.", "Round 0?", "Round 1?", "Round 2?", "Enough?"]);
    });
  });

  describe("checkpoint", () => {
    it("keeps the journal short through 200 rounds, and nothing is lost or said twice", async () => {
      let sends = 0;
      const life = await live(async (talk) => {
        let sum = Number(talk.state ?? 0);
        for (;;) {
          await talk.checkpoint(sum);
          const more = await talk.ask(`${sum} so far. More?`, { read: Number });
          if (more === 0) return sum;
          await talk.run("send", () => void sends++);
          await talk.say(`Added ${more}.`);
          sum += more;
        }
      });
      const longest = [life.journal().length];
      for (let round = 1; round <= 200; round++) {
        expect(await life.hears(String(round))).toEqual([`Added ${round}.`, `${(round * (round + 1)) / 2} so far. More?`]);
        longest.push(life.journal().length);
      }
      await life.hears("0");
      expect(life.reached()).toEqual(done(20_100));
      expect([Math.max(...longest), sends, new Set(life.said()).size]).toEqual([1, 200, 401]);
    });

    it("forgets also when its state is what it was", async () => {
      const life = await live(async (talk) => {
        for (;;) {
          if ((await talk.ask("More?")) === "no") return;
          await talk.checkpoint("same");
        }
      });
      for (let i = 0; i < 9; i++) {
        expect(await life.hears("yes")).toEqual(["More?"]);
        expect(life.journal()).toHaveLength(1);
      }
      await life.hears("no");
      expect(life.reached()).toEqual(done(undefined));
    });

    it("is what `state` gives from then on, in the same turn as in later ones", async () => {
      const life = await live(async (talk) => {
        if (talk.state === undefined) await talk.say("Beginning.");
        await talk.checkpoint({ n: 1 });
        await talk.say(JSON.stringify(talk.state));
        await talk.ask("?");
        return talk.state;
      });
      expect(life.said()).toEqual(["Beginning.", '{"n":1}', "?"]);
      expect(await life.hears("x")).toEqual([]);
      expect(life.reached()).toEqual(done({ n: 1 }));
    });

    it("what is done to a state is not done to what is kept", async () => {
      const life = await live(async (talk) => {
        const heard = (talk.state ?? []) as string[];
        while (heard.length < 4) {
          heard.push(await talk.ask(`${heard.length}?`));
          heard.push(await talk.ask(`${heard.length}?`));
          await talk.checkpoint(heard);
        }
        return heard;
      });
      for (const one of ["a", "b", "c", "d"]) await life.hears(one);
      expect(life.reached()).toEqual(done(["a", "b", "c", "d"]));
    });

    it("refuses a state that JSON cannot keep", async () => {
      const life = await live(async (talk) => {
        await talk.checkpoint(1n as unknown as number).catch(() => undefined);
        return talk.ask("?");
      });
      expect(life.reached()).toEqual(failed(expect.objectContaining({ code: "invalid_field" })));
    });
  });

  describe("answers of all kinds", () => {
    const odd = {
      empty: "",
      blank: " \t\r\n\u2028\uFEFF",
      huge: "x1 ".repeat(200_000),
      "a huge number": "9".repeat(100_000),
      "a number and much after it": `1${".".repeat(100_000)}`,
      "one emoji of several": "\u{1F469}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}",
      "half an emoji": "\uD83D",
      "other letters": "\u0627\u0644\u0633\u0644\u0627\u0645",
      zero: "\0",
      ...Object.fromEntries(
        ["__proto__", "constructor", "toString", "hasOwnProperty", "undefined", "null", "NaN", "-1", "0", "1e1", "[]", '{"at":0,"__proto__":{"x":1}}'].map(
          (text) => [text, text],
        ),
      ),
    };
    for (const [name, text] of Object.entries(odd)) {
      it(name, async () => {
        const life = await live(async (talk) => {
          const asked = await talk.ask("?", { retries: 0, otherwise: "nothing" });
          const chosen = await talk.menu("?", { a: "A", b: "B" }, { retries: 0, otherwise: "b" });
          await talk.say(asked);
          return [asked, chosen, await talk.ask("?", { read: (said) => said, retries: 0 })];
        });
        await life.hears(text);
        await life.hears(text);
        await life.hears(text);
        const asked = text.trim();
        expect(life.reached()).toEqual(done([asked === "" ? "nothing" : asked, "b", asked]));
        expect(life.said().at(-2)).toBe(asked === "" ? "nothing" : asked);
      });
    }

    it("are choices only where a menu has them", async () => {
      const choices = JSON.parse('{"__proto__":"Prototype","constructor":"Builder","to":"toString"}') as Record<string, string>;
      for (const [answer, key] of [
        ["__proto__", "__proto__"],
        ["1", "__proto__"],
        ["constructor", "constructor"],
        ["tostring", "to"],
        ["valueOf", "-"],
      ]) {
        const life = await live((talk) => talk.menu("?", choices, { retries: 0, otherwise: "-" }));
        await life.hears(answer!);
        expect([answer, life.reached()]).toEqual([answer, done(key)]);
      }
    });
  });
});

describe("dialogue", () => {
  const script: Script<undefined, void> = async (talk) => talk.say("x");

  it("is its name, version and function, version 1 unless told otherwise", () => {
    expect(dialogue("booking", script)).toEqual({ name: "booking", version: 1, script, older: {}, changed: "end" });
    const older = { 1: script, 2: script };
    expect(dialogue("Booking_2-b", script, { version: 3, older, changed: "migrate" })).toMatchObject({ version: 3, older, changed: "migrate" });
    expect(dialogue(`a${"b".repeat(62)}`, script).name).toHaveLength(63);
  });

  it.each(["", "2nd", "-a", "_a", "__proto__", "a b", "a.b", "a\n", "\u00E4", "a".repeat(64)])("refuses the name %j", (name) => {
    expect(refusal(() => dialogue(name, script))).toBe(
      `A dialogue cannot be called ${JSON.stringify(name)}. Use a letter and up to 62 letters, digits, "_" and "-".`,
    );
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "2", null])("refuses the version %j", (version) => {
    expect(refusal(() => dialogue("booking", script, { version: version as number }))).toMatch(
      /^version of the dialogue "booking" is .*\. Give a whole number above zero\.$/,
    );
  });

  it.each<[string, object, string]>([
    ["the version itself", { 3: script }, '"3"'],
    ["a later one", { 4: script }, '"4"'],
    ["zero", { 0: script }, '"0"'],
    ["part of one", { 1.5: script }, '"1.5"'],
    ["a text", { v1: script }, '"v1"'],
    ["no function", { 1: undefined }, '"1"'],
  ])("refuses among the older ones %s", (_, older, named) => {
    const message = refusal(() => dialogue("booking", script, { version: 3, older: older as Record<number, typeof script> }));
    expect(message).toContain(`older of the dialogue "booking" has ${named}`);
    expect(message).toContain("below 3");
  });

  it("refuses what a change cannot do", () => {
    expect(refusal(() => dialogue("booking", script, { changed: "keep" as "end" }))).toBe(
      'changed of the dialogue "booking" is "keep". Give "end" or "migrate".',
    );
  });

  function refusal(act: () => unknown): string {
    try {
      act();
    } catch (error) {
      if (error instanceof SojournError && error.code === "invalid_option") return error.message;
      throw error;
    }
    throw new Error("It was not refused.");
  }
});

test("a dialogue of 200 steps is back where it was within 25 ms", async () => {
  const script: Script<undefined, number> = async (talk) => {
    let sum = 0;
    for (let i = 0; i < 100; i++)
      sum += await talk.ask(`Question ${i}: how many of them are there, and why do you think so?`, { read: Number, remind: "1h", timeout: "1d" });
    return sum;
  };
  const life = await begin(ways["through serialised standings"]!, script);
  for (let i = 1; i < 100; i++) await life.hears(String(i));
  expect(life.journal()).toHaveLength(199);
  const kept = JSON.stringify({ journal: life.journal() });
  const wall: number[] = [];
  // What is promised is judged by the time of this process: others may hold the processor meanwhile.
  const own: number[] = [];
  for (let i = 0; i < 600; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const last = await turn(script, undefined, JSON.parse(kept) as Standing, { happened: { at: began, text: "100" }, now: () => began });
    wall.push(performance.now() - start);
    const { user, system } = process.cpuUsage(cpu);
    own.push((user + system) / 1_000);
    expect(last).toMatchObject({ said: [], reached: done(5_050) });
  }
  const figures = (all: number[]): number[] => {
    const sorted = all.slice(100).sort((a, b) => a - b);
    return [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)]!);
  };
  const text = (all: number[]): string =>
    figures(all)
      .map((ms) => ms.toFixed(2))
      .join(" / ");
  process.stdout.write(`A dialogue of 200 steps (${kept.length} bytes of JSON) resumes in ms, p50 / p99: ${text(wall)}, of processor time ${text(own)}.\n`);
  for (const ms of figures(own)) expect(ms).toBeLessThan(25);
});
