import { milliseconds, SojournError, type Duration, type StandardSchema } from "sojourn";
import { plain, replay, type Happening, type Json, type Recorder, type Run, type Step } from "./replay.ts";

/** Nobody answered in time. Thrown by a question that has no `otherwise`; a dialogue that does not catch it ends with the reason `timeout`. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** No answer could be understood, as often as it was asked. Thrown by a question that has no `otherwise`; a dialogue that does not catch it ends with the reason `misunderstood`. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}

/** How a question is asked. */
export interface AskOptions<Answer> {
  /** Makes the answer of what was said; `undefined`: not understood. Or a schema (Standard Schema). Pure. Default: what was said, without blanks around it, if that is anything. */
  readonly read?: ((said: string) => Answer | undefined) | StandardSchema<Answer>;
  /** How often it is asked again when the answer was not understood. Default 2. */
  readonly retries?: number;
  /** What is said then. Default: the question once more. */
  readonly again?: string;
  /** How long an answer is waited for. One that comes later, but before that was noticed, is taken. Default: as long as the dialogue's session lives. */
  readonly timeout?: Duration;
  /** After how long without an answer the person is reminded, once, and of what. Default text: the question once more. */
  readonly remind?: Duration | { readonly after: Duration; readonly text: string };
  /** What it gives when nobody answers, or nothing was understood. Default: it throws {@link Unanswered} or {@link NotUnderstood}. */
  readonly otherwise?: Answer;
}

/**
 * What a dialogue has in hand. The function that gets it is run again from its beginning whenever something has happened, so it must be deterministic: time,
 * chance and what comes from elsewhere by these calls alone, one at a time, each awaited.
 */
export interface Talk {
  /** The state of the last checkpoint; `undefined` at the beginning. */
  readonly state: Json | undefined;
  /** Says something and goes on. */
  say(text: string): Promise<void>;
  /** Asks, and gives the answer. */
  ask<Answer = string>(question: string, options?: AskOptions<Answer>): Promise<Answer>;
  /** Asks for one of several, by its number, its label or its key, tried in this order, and gives its key. The choices are written under the question. */
  menu<Key extends string>(question: string, choices: Readonly<Record<Key, string>>, options?: Omit<AskOptions<NoInfer<Key>>, "read">): Promise<Key>;
  /** Goes on after a while, in whatever process. */
  sleep(duration: Duration): Promise<void>;
  /** Epoch ms. */
  now(): Promise<number>;
  /** From 0 up to 1. */
  random(): Promise<number>;
  /** Does something in the world, once; at least once, if a process dies at that very moment. Its result is kept, and so is the message of what it threw. */
  run<T extends Json | undefined | void>(name: string, action: () => T | Promise<T>): Promise<T>;
  /** Another dialogue's function, as a part of this one. It has no `state` at its beginning, and its checkpoints forget nothing: its parent would be forgotten with it. */
  part<Args, Result>(dialogue: Pick<Dialogue<Args, Result>, "script">, args: Args): Promise<Result>;
  /** Forgets how it came here: from now on a run begins with the function called anew, with this `state`. For dialogues that go on for long. */
  checkpoint(state: Json): Promise<void>;
}

/** A dialogue's function. */
export type Script<Args, Result> = (talk: Talk, args: Args) => Promise<Result>;

/** A kind of dialogue: what it is called, in which version, and its function. */
export interface Dialogue<Args, Result> {
  readonly name: string;
  readonly version: number;
  readonly script: Script<Args, Result>;
  /** Functions of older versions, for dialogues that began with them. */
  readonly older: Readonly<Record<number, Script<Args, Result>>>;
  /** What becomes of a dialogue of a version that is neither this one nor among `older`. */
  readonly changed: "end" | "migrate";
}

/** What {@link dialogue} takes beside the function. */
export interface DialogueOptions<Args, Result> {
  /** A whole number. To be raised whenever the function is changed so that it would ask, say or wait otherwise. Default 1. */
  readonly version?: number;
  readonly older?: Readonly<Record<number, Script<Args, Result>>>;
  /** Default `"end"`: with the reason `changed`. `"migrate"`: the new function is run with the old journal, and the dialogue ends only if that does not fit. */
  readonly changed?: "end" | "migrate";
}

/** A kind of dialogue. @throws {SojournError} `invalid_option` */
export function dialogue<Args, Result>(name: string, script: Script<Args, Result>, options: DialogueOptions<Args, Result> = {}): Dialogue<Args, Result> {
  const { version = 1, older = {}, changed = "end" } = options;
  if (!/^[a-z][\w-]{0,62}$/i.test(name)) {
    throw new SojournError("invalid_option", `A dialogue cannot be called ${JSON.stringify(name)}. Use a letter and up to 62 letters, digits, "_" and "-".`);
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new SojournError("invalid_option", `version of the dialogue "${name}" is ${JSON.stringify(version)}. Give a whole number above zero.`);
  }
  for (const [number, then] of Object.entries(older)) {
    if (/^[1-9]\d*$/.test(number) && Number(number) < version && typeof then === "function") continue;
    throw new SojournError(
      "invalid_option",
      `older of the dialogue "${name}" has "${number}". Give functions of versions, whole numbers above zero and below ${version}.`,
    );
  }
  if (changed !== "end" && changed !== "migrate") {
    throw new SojournError("invalid_option", `changed of the dialogue "${name}" is ${JSON.stringify(changed)}. Give "end" or "migrate".`);
  }
  return { name, version, script, older, changed };
}

/** What a run of a dialogue gives, with what it said. */
export interface Turn<Result> extends Run<Result> {
  readonly said: readonly string[];
}

/** Where a dialogue stands, as it is kept. */
export interface Standing {
  readonly journal: readonly Step[];
  readonly state?: Json | undefined;
}

/** Runs a dialogue from where it stands, with what has happened. `now` and `chance` are the world's. */
export async function turn<Args, Result>(
  script: Script<Args, Result>,
  args: Args,
  standing: Standing,
  world: { readonly happened?: Happening | undefined; readonly now: () => number; readonly chance?: () => number },
): Promise<Turn<Result>> {
  const said: string[] = [];
  const run = await replay({
    journal: standing.journal,
    state: standing.state,
    happened: world.happened,
    run: (recorder, state) =>
      script(talkOf(recorder, state, { said: (text) => void said.push(text), now: world.now, chance: world.chance ?? Math.random }), args),
  });
  return { ...run, said };
}

interface World {
  said(text: string): void;
  now(): number;
  chance(): number;
}

function talkOf(recorder: Recorder, state: Json | undefined, world: World): Talk {
  async function say(text: string, op = "say"): Promise<number> {
    textOf(text);
    return Number(
      await recorder.once(op, text, () => {
        world.said(text);
        return world.now();
      }),
    );
  }

  async function ask<Answer>(question: string, options: AskOptions<Answer>): Promise<Answer> {
    const { retries = 2, again = question, timeout, remind } = options;
    const reminder = remind === undefined ? undefined : typeof remind === "object" ? remind : { after: remind, text: question };
    // Nobody is asked with settings that are wrong.
    for (const text of [question, again, ...(reminder === undefined ? [] : [reminder.text])]) textOf(text);
    if (!(retries >= 0 && (retries === Infinity || Number.isInteger(retries)))) {
      throw new SojournError("invalid_option", `retries is ${String(retries)}. Give a whole number, zero or more, or Infinity.`);
    }
    const patience = timeout === undefined ? undefined : milliseconds(timeout, "timeout");
    const silence = reminder === undefined ? undefined : milliseconds(reminder.after, "remind");
    const asked = await say(question, "ask");
    const until = patience === undefined ? undefined : asked + patience;
    let remindAt = silence === undefined ? undefined : asked + silence;
    for (let failures = 0; ;) {
      const { at, text } = await recorder.happening("answer", { text: true, until: earliest(until, remindAt) });
      if (text !== undefined) {
        const answer = await readAnswer(options.read, text);
        if (answer !== undefined) return answer;
        if (failures++ < retries) await say(again);
        else return otherwise(options, new NotUnderstood("No answer was understood."));
      } else if (until !== undefined && at >= until) return otherwise(options, new Unanswered("Nobody answered in time."));
      else {
        remindAt = undefined;
        await say(reminder?.text ?? question);
      }
    }
  }

  const talk: Talk = {
    get state() {
      return state;
    },
    say: async (text) => void (await say(text)),
    ask: (question, options = {}) => ask(question, options),
    async menu<Key extends string>(question: string, choices: Readonly<Record<Key, string>>, options: Omit<AskOptions<NoInfer<Key>>, "read"> = {}) {
      const keys = Object.keys(choices) as Key[];
      if (keys.length === 0) throw new SojournError("invalid_option", "The menu has no choices.");
      for (const key of keys) {
        if (typeof choices[key] !== "string" || choices[key].trim() === "")
          throw new SojournError("invalid_option", `The choice "${key}" of the menu has no label. Give a text.`);
      }
      const lines = keys.map((key, i) => `${i + 1} ${choices[key]}`);
      const read = (said: string): Key | undefined => {
        const name = said.toLowerCase();
        const number = /^(\d{1,3})[^\p{L}\p{N}]{0,3}$/u.exec(said)?.[1];
        return keys[Number(number) - 1] ?? keys.find((key) => choices[key].trim().toLowerCase() === name) ?? keys.find((key) => key.toLowerCase() === name);
      };
      return ask<Key>([textOf(question), ...lines].join("\n"), { ...options, read });
    },
    async sleep(duration) {
      const ms = milliseconds(duration, "sleep");
      const began = await talk.now();
      await recorder.happening("sleep", { text: false, until: began + ms });
    },
    now: async () => Number(await recorder.once("now", "", world.now)),
    random: async () => Number(await recorder.once("random", "", world.chance)),
    run: (async (name: string, action: () => unknown) => recorder.once("run", name, action)) as Talk["run"],
    part: ({ script }, args) => script(talkOf({ ...recorder, checkpoint: async (next) => plain("checkpoint", next) ?? null }, undefined, world), args),
    async checkpoint(next) {
      state = await recorder.checkpoint(next);
    },
  };
  return talk;
}

/** @throws {SojournError} `invalid_field` */
function textOf(text: unknown): string {
  if (typeof text === "string") return text;
  throw new SojournError("invalid_field", `What is to be said is ${text === null ? "null" : typeof text}, not a text.`);
}

function otherwise<Answer>(options: AskOptions<Answer>, error: Error): Answer {
  if ("otherwise" in options) return options.otherwise;
  throw error;
}

async function readAnswer<Answer>(read: AskOptions<Answer>["read"], text: string): Promise<Answer | undefined> {
  const said = text.trim();
  if (read === undefined) return said === "" ? undefined : (said as Answer);
  // Schemas of some libraries are functions as well.
  if (!("~standard" in read)) return read(said);
  const result = await read["~standard"].validate(said);
  return result.issues === undefined ? result.value : undefined;
}

function earliest(...moments: readonly (number | undefined)[]): number | undefined {
  const given = moments.filter((moment) => moment !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
