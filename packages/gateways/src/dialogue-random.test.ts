import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { keeping, ways, type Kept } from "./dialogue.fixture.ts";
import { NotUnderstood, turn, Unanswered, type AskOptions, type Script, type Talk } from "./dialogue.ts";
import type { Happening, Json, Reached, Wait } from "./replay.ts";

interface Asking {
  readonly retries: number;
  readonly timeout: number | null;
  readonly remind: number | null;
  readonly own: boolean;
  readonly otherwise: boolean;
  readonly caught: boolean;
}

type Doing =
  | { readonly op: "checkpoint" }
  | { readonly op: "say" | "now" | "random" | "fail" }
  | { readonly op: "run"; readonly value: Json }
  | { readonly op: "sleep"; readonly time: number }
  | { readonly op: "ask"; readonly digits: boolean; readonly how: Asking }
  | { readonly op: "menu"; readonly choices: readonly string[]; readonly how: Asking }
  | { readonly op: "part"; readonly doings: readonly Doing[] }
  | { readonly op: "chance"; readonly doings: readonly Doing[] };

const time = fc.integer({ min: 1, max: 100 });
const howAsked: fc.Arbitrary<Asking> = fc.record({
  retries: fc.integer({ min: 0, max: 2 }),
  timeout: fc.option(time),
  remind: fc.option(time),
  own: fc.boolean(),
  otherwise: fc.boolean(),
  // Mostly, so that most dialogues come to their end.
  caught: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
});
const { doing: anything, doings: few } = fc.letrec<{ doing: Doing; doings: Doing[] }>((tie) => ({
  doings: fc.array(tie("doing"), { maxLength: 6 }),
  doing: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ op: fc.constant("checkpoint" as const) }),
    fc.record({ op: fc.constantFrom("say" as const, "now" as const, "random" as const, "fail" as const) }),
    fc.record({ op: fc.constant("run" as const), value: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> }),
    fc.record({ op: fc.constant("sleep" as const), time }),
    fc.record({ op: fc.constant("ask" as const), digits: fc.boolean(), how: howAsked }),
    fc.record({ op: fc.constant("menu" as const), choices: fc.uniqueArray(fc.constantFrom("yes", "no", "9", "constructor"), { minLength: 1 }), how: howAsked }),
    fc.record({ op: fc.constant("part" as const), doings: tie("doings") }),
    fc.record({ op: fc.constant("chance" as const), doings: tie("doings") }),
  ),
}));
const doings = fc.oneof(few, fc.array(anything, { minLength: 5, maxLength: 12 }));
const answer = fc.oneof(fc.constantFrom("1", "2", "2.", "3)", " 9 ", "YES", "no", "", " ", "__proto__", "constructor"), fc.string({ unit: "grapheme" }));
const events = fc.array(fc.record({ after: fc.integer({ min: 0, max: 120 }), said: fc.option(answer, { freq: 2 }) }), { maxLength: 40 });

/** What a random dialogue has to do with the world: how often what is in it was run. */
interface Effects {
  runs: string[];
}

/** Does what it is told, and gives all that it came to know. */
function scriptOf(all: readonly Doing[], path: string, effects: Effects): Script<Json[], Json[]> {
  return async (talk, args) => {
    const [from] = (talk.state ?? [0]) as [number];
    let heard = talk.state === undefined ? args : heardIn(talk.state);
    for (const [i, doing] of all.entries()) {
      if (i < from) continue;
      const here = `${path}.${i}`;
      if (doing.op === "checkpoint") {
        await talk.checkpoint([i + 1, heard]);
        heard = heardIn(talk.state);
      } else heard.push(await outcome(talk, doing, here, effects));
    }
    return heard;
  };
}

function heardIn(state: Json | undefined): Json[] {
  return (state as [number, Json[]])[1];
}

async function outcome(talk: Talk, doing: Exclude<Doing, { op: "checkpoint" }>, here: string, effects: Effects): Promise<Json> {
  switch (doing.op) {
    case "say":
      await talk.say(`say ${here}`);
      return null;
    case "now":
      return talk.now();
    case "random":
      return talk.random();
    case "fail":
      return talk
        .run(here, () => {
          effects.runs.push(here);
          throw new Error(`failed ${here}`);
        })
        .catch((error: unknown) => (error as Error).message);
    case "run": {
      const value = await talk.run(here, async () => (effects.runs.push(here), doing.value));
      // Whoever gets a value may do with it as he likes.
      if (Array.isArray(value)) (value as Json[]).push("more");
      return value;
    }
    case "sleep":
      await talk.sleep(doing.time);
      return null;
    case "part":
      return talk.part({ script: scriptOf(doing.doings, here, effects) }, []);
    case "chance":
      return (await talk.random()) < 0.5 ? null : scriptOf(doing.doings, here, effects)({ ...talk, state: undefined, checkpoint: async () => undefined }, []);
    case "ask":
    case "menu": {
      const { how } = doing;
      const options = {
        retries: how.retries,
        ...(how.timeout === null ? undefined : { timeout: how.timeout }),
        ...(how.remind === null ? undefined : { remind: how.own ? { after: how.remind, text: `remind ${here}` } : how.remind }),
        ...(how.own ? { again: `again ${here}` } : undefined),
        ...(how.otherwise ? { otherwise: "otherwise" } : undefined),
      };
      const answered =
        doing.op === "menu"
          ? talk.menu(`menu ${here}`, Object.fromEntries(doing.choices.map((choice) => [choice, `the ${choice}`])), options)
          : talk.ask(`ask ${here}`, doing.digits ? { ...options, read: z.string().regex(/^\d+\W?$/) } : options);
      return how.caught ? answered.catch((error: unknown) => (error as Error).name) : answered;
    }
  }
}

/** What happens to a random dialogue, and what comes of it: the same whichever way it is lived. */
interface Lived {
  readonly reached: unknown;
  readonly said: readonly string[];
  readonly runs: readonly string[];
  readonly chances: number;
  readonly clock: number;
}

interface Fate {
  clock: number;
  chances: number;
  chance(): number;
  /** When nothing happens any more, whatever is waited for comes. */
  next(wait: Wait): Happening;
}

function fateOf(happenings: readonly { readonly after: number; readonly said: string | null }[]): Fate {
  const left = happenings.values();
  let waits = 0;
  return {
    clock: 0,
    chances: 0,
    chance() {
      return ((this.chances += 1) * 0.377) % 1;
    },
    next({ until }) {
      const { value } = left.next();
      // No dialogue is so long: it waits for what it does not take.
      if (value === undefined && (waits += 1) > 300) throw new Error("It has waited 300 times, and each time it came.");
      const { after, said } = value ?? (until === undefined ? { after: 1, said: "1" } : { after: Math.max(0, until - this.clock), said: null });
      this.clock += after;
      return said === null ? { at: this.clock } : { at: this.clock, text: said };
    },
  };
}

function ended(reached: Reached<unknown>): unknown {
  return reached.state === "failed" ? { failed: String(reached.error) } : reached;
}

/** Step by step, each from what was kept of those before. */
async function livedInSteps(kept: Kept, all: readonly Doing[], happenings: Parameters<typeof fateOf>[0]): Promise<Lived> {
  const fate = fateOf(happenings);
  const effects: Effects = { runs: [] };
  const said: string[] = [];
  let standing = kept({ journal: [] });
  let happened: Happening | undefined;
  for (;;) {
    const world = { happened, now: () => fate.clock, chance: () => fate.chance() };
    const { chances } = fate;
    const runs = [...effects.runs];
    const lost = await turn(scriptOf(all, "", effects), [], standing, world);
    // The process died before that was kept.
    Object.assign(fate, { chances });
    Object.assign(effects, { runs });
    const one = await turn(scriptOf(all, "", effects), [], standing, world);
    expect({ ...lost, reached: ended(lost.reached) }).toEqual({ ...one, reached: ended(one.reached) });
    if (!one.taken && happened !== undefined && one.reached.state === "waiting") expect(one).toMatchObject({ said: [], steps: [] });
    said.push(...one.said);
    standing = kept(keeping(standing, one));
    if (one.reached.state !== "waiting") return { reached: ended(one.reached), said, runs: effects.runs, chances: fate.chances, clock: fate.clock };
    happened = fate.next(one.reached.on);
  }
}

/** In one go, without a journal: what the calls of a dialogue mean, said once more and in short. */
async function livedInOneGo(all: readonly Doing[], happenings: Parameters<typeof fateOf>[0]): Promise<Lived> {
  const fate = fateOf(happenings);
  const effects: Effects = { runs: [] };
  const said: string[] = [];
  const plain = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

  function happening(wait: Wait): Happening {
    for (;;) {
      const event = fate.next(wait);
      if (event.text === undefined ? event.at >= (wait.until ?? Infinity) : wait.text) return event;
    }
  }

  function asked(
    question: string,
    read: (said: string) => string | undefined,
    { retries = 2, again = question, timeout, remind, ...rest }: AskOptions<string>,
  ): string {
    const over = timeout === undefined ? Infinity : fate.clock + Number(timeout);
    let due = remind === undefined ? Infinity : fate.clock + Number(typeof remind === "object" ? remind.after : remind);
    said.push(question);
    for (let tries = 0; ;) {
      const until = Math.min(over, due);
      const { at, text } = happening({ text: true, until: until === Infinity ? undefined : until });
      if (text === undefined && at >= over) {
        if ("otherwise" in rest) return rest.otherwise;
        throw new Unanswered("Nobody answered in time.");
      } else if (text === undefined) {
        due = Infinity;
        said.push(typeof remind === "object" ? remind.text : question);
      } else {
        const understood = read(text.trim());
        if (understood !== undefined) return understood;
        if (tries === retries) {
          if ("otherwise" in rest) return rest.otherwise;
          throw new NotUnderstood("No answer was understood.");
        }
        tries++;
        said.push(again);
      }
    }
  }

  function talk(): Talk {
    const one: { -readonly [Name in keyof Talk]: Talk[Name] } = {
      state: undefined,
      say: async (text) => void said.push(text),
      ask: (async (question: string, options: AskOptions<string> = {}) =>
        asked(question, (heard) => (options.read === undefined ? heard || undefined : /^\d+\W?$/.exec(heard)?.[0]), options)) as Talk["ask"],
      menu: (async (question: string, choices: Readonly<Record<string, string>>, options: AskOptions<string> = {}) => {
        const keys = Object.keys(choices);
        const names = new Map<string, string>();
        for (const name of keys.toReversed()) names.set(name.toLowerCase(), name).set(choices[name]!.toLowerCase(), name);
        for (const [i, name] of keys.entries()) for (const end of ["", ".", ")"]) names.set(`${i + 1}${end}`, name);
        return asked([question, ...keys.map((name, i) => `${i + 1} ${choices[name]}`)].join("\n"), (heard) => names.get(heard.toLowerCase()), options);
      }) as Talk["menu"],
      sleep: async (duration) => void happening({ text: false, until: fate.clock + Number(duration) }),
      now: async () => fate.clock,
      random: async () => fate.chance(),
      run: (async (_name: string, action: () => unknown) => plain(await action())) as Talk["run"],
      part: ({ script }, args) => script(talk(), args),
      checkpoint: async (state) => {
        one.state = plain(state);
      },
    };
    return one;
  }

  const script = scriptOf(all, "", effects);
  const reached = await script(talk(), []).then(
    (result): Reached<unknown> => ({ state: "done", result }),
    (error: unknown): Reached<unknown> => ({ state: "failed", error }),
  );
  return { reached: ended(reached), said, runs: effects.runs, chances: fate.chances, clock: fate.clock };
}

test.each(Object.entries(ways))(
  "whatever a dialogue does, and whatever happens to it, lived %s it is as if it were lived in one go",
  async (_, kept) => {
    await fc.assert(
      fc.asyncProperty(doings, events, async (all, happenings) => {
        const whole = await livedInOneGo(all, happenings);
        expect(await livedInSteps(kept, all, happenings)).toEqual(whole);
        // Nothing is done twice, and nothing said that was not meant.
        expect(new Set(whole.runs).size).toBe(whole.runs.length);
      }),
      { numRuns: 500 },
    );
  },
  60_000,
);
