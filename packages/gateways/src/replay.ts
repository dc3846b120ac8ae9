import { hash } from "node:crypto";
import { SojournError } from "sojourn";

/** What JSON gives back as it was. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One thing that a function did, or that happened to it, as it is kept. */
export interface Step {
  /** What kind of step. */
  readonly op: string;
  /** Which one: a digest of what tells it from others, so that nothing that was said is kept twice. */
  readonly key: string;
  readonly value?: Json;
  /** What it failed with, in the place of a value. */
  readonly failed?: string;
}

/** What can happen to a function that waits: a message has come, or else time has gone by. */
export interface Happening {
  /** Epoch ms. */
  readonly at: number;
  readonly text?: string;
}

/** What a function waits for: a message, a moment, or whichever comes first. */
export interface Wait {
  readonly text: boolean;
  /** Epoch ms. */
  readonly until?: number | undefined;
}

/** Where a run has come to. */
export type Reached<Result> =
  | { readonly state: "waiting"; readonly on: Wait }
  | { readonly state: "done"; readonly result: Result }
  | { readonly state: "failed"; readonly error: unknown };

/** What a run gives: where it has come to, and what has to be kept of it. */
export interface Run<Result> {
  readonly reached: Reached<Result>;
  /** To be added to the journal; after a checkpoint, to be kept in the place of all that was there. */
  readonly steps: readonly Step[];
  /** The state of the last checkpoint, if there was one in this run. */
  readonly checkpoint?: Json;
  /** Whether the function took what happened. If not, it waits for something else. */
  readonly taken: boolean;
}

/** The only way in which a function under replay may touch the world. One step at a time. */
export interface Recorder {
  /** What `make` gives, or throws: called once in the life of the function, and from the journal ever after. `what` tells this step from others of its kind. */
  once(op: string, what: string, make: () => unknown): Promise<Json | undefined>;
  /** What happens next, of what this waits for. Until it does, the run is over. */
  happening(op: string, wait: Wait): Promise<Happening>;
  /** Forgets the journal: from here on a run begins with the function called anew, with this state, which it gives as it is kept. */
  checkpoint(state: Json): Promise<Json>;
}

/** What a run is made of. */
export interface ReplayOptions<Result> {
  readonly journal: readonly Step[];
  /** The state of the last checkpoint. */
  readonly state?: Json | undefined;
  /** What has happened since, if anything. */
  readonly happened?: Happening | undefined;
  readonly run: (recorder: Recorder, state: Json | undefined) => Promise<Result>;
  /** How long the function may take from one step to the next (ms). Default 30 seconds. */
  readonly patience?: number;
  /** Most steps between two checkpoints. Default 10,000. */
  readonly most?: number;
}

/**
 * Runs an async function that outlives its process: all that it learns comes in steps, each is journalled, and when it has to wait it is let go. When something
 * has happened it is run again from its beginning; steps that are in the journal give what they gave, and so it comes to where it was. For that it
 * must be deterministic: between two steps nothing but its arguments and what steps gave may decide. Where it is seen not to be, the run fails
 * with an error that names the step. Nothing here knows of any door.
 */
export async function replay<Result>(options: ReplayOptions<Result>): Promise<Run<Result>> {
  const { patience = 30_000, most = 10_000 } = options;
  const journal = [...options.journal];
  /** How many of the journal's steps were there before; a checkpoint takes them away. */
  let known = journal.length;
  let position = 0;
  let { state, happened } = options;
  let checkpoint: Json | undefined;
  let taken = false;
  /** The step that is under way. */
  let busy: string | undefined;
  /** A function that was let go may still do something: nobody looks. */
  let over = false;
  let progress = 0;

  function refuse(message: string): never {
    throw new SojournError("invalid_option", message);
  }

  function begin(op: string): void {
    if (busy !== undefined) refuse(`${op} was begun while ${busy} was under way. ${awaited}`);
    busy = op;
    progress++;
  }

  /** The step that the journal has here. */
  function recorded(op: string, key: string): Step | undefined {
    const step = journal[position];
    if (step === undefined) {
      if (position >= most) refuse(`It has taken ${most} steps. Call checkpoint() now and then: a run begins with all the steps since.`);
      return undefined;
    }
    if (step.op !== op) refuse(`Step ${position + 1} was ${step.op} and is now ${op}. ${deterministic}`);
    if (step.key !== key) refuse(`Step ${position + 1}, ${op}, is not what it was before. ${deterministic}`);
    return step;
  }

  function letGo(): Promise<never> {
    return new Promise(() => undefined);
  }

  return new Promise((resolve) => {
    const finish = (reached: Reached<Result>): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      resolve({ reached, steps: journal.slice(known), ...(checkpoint === undefined ? undefined : { checkpoint }), taken });
    };

    /** Does what a step consists of. What is wrong with it ends the run, and is not told to the function: it might swallow it, or not await it, which ends the process. */
    async function judged<T>(act: () => T | Promise<T>): Promise<T> {
      if (over) return letGo();
      try {
        const done = await act();
        return over ? await letGo() : done;
      } catch (error) {
        finish({ state: "failed", error });
        return letGo();
      }
    }

    /** The next step: from the journal, or else made now. */
    async function next(op: string, what: string, make: () => Made | Promise<Made>): Promise<Json | undefined> {
      const step = await judged(async () => {
        begin(op);
        const key = digests.get(what) ?? digestOf(what);
        const before = recorded(op, key);
        if (before !== undefined) return before;
        const made: Step = { op, key, ...(await make()) };
        journal.push(made);
        return made;
      });
      position++;
      busy = undefined;
      if (step.failed !== undefined) throw new Error(step.failed);
      return step.value;
    }

    const recorder: Recorder = {
      once: async (op, what, make) => copyOf(await next(op, what, () => outcomeOf(op, make))),
      happening: async (op, wait) =>
        (await next(op, String(wait.text), () => {
          if (happened === undefined || !isWaitedFor(wait, happened)) {
            finish({ state: "waiting", on: wait });
            return letGo();
          }
          const { at, text } = happened;
          happened = undefined;
          taken = true;
          return { value: text === undefined ? { at } : { at, text } };
        })) as unknown as Happening,
      checkpoint: (given) =>
        judged(() => {
          begin("checkpoint");
          const kept = plain("checkpoint", given) ?? null;
          // At its beginning the function comes round to the checkpoint that it began from.
          if (position > 0 || JSON.stringify(kept) !== JSON.stringify(state)) {
            if (position < journal.length) refuse(`Step ${position + 1} was ${journal[position]?.op ?? ""} and is now checkpoint. ${deterministic}`);
            checkpoint = state = kept;
            journal.length = known = position = 0;
          }
          busy = undefined;
          return copyOf(kept);
        }),
    };

    let timer = setTimeout(look, patience, -1);
    function look(last: number): void {
      if (progress !== last) timer = setTimeout(look, patience, progress);
      else {
        const late =
          busy === undefined ? `It did not come to its next step in ${patience / 1000} s. ${deterministic}` : `${busy} took more than ${patience / 1000} s.`;
        finish({ state: "failed", error: new SojournError("invalid_option", late) });
      }
    }

    void (async () => {
      try {
        const result = await options.run(recorder, copyOf(state));
        if (busy !== undefined) refuse(`It has come to its end while ${busy} was under way. ${awaited}`);
        if (position < journal.length) refuse(`Step ${position + 1} was ${journal[position]?.op ?? ""}, and now it has come to its end. ${deterministic}`);
        finish({ state: "done", result });
      } catch (error) {
        finish({ state: "failed", error });
      }
    })();
  });
}

const awaited = "Await each step before the next: their order is what is replayed.";

const deterministic =
  "A function that is replayed must do the same each time: take the time, chance and whatever comes from elsewhere by steps, and give a changed function a new version.";

function isWaitedFor({ text, until }: Wait, happened: Happening): boolean {
  return happened.text === undefined ? until !== undefined && happened.at >= until : text;
}

/** Too short to tell what it is of, long enough to tell that it is another. */
export function digestOf(what: string): string {
  return hash("sha256", what, "base64url").slice(0, 8);
}

/** Of what most steps are told by. */
const digests: ReadonlyMap<string, string> = new Map(["", "true", "false"].map((what) => [what, digestOf(what)]));

type Made = Pick<Step, "value" | "failed">;

async function outcomeOf(op: string, make: () => unknown): Promise<Made> {
  let made: unknown;
  try {
    made = await make();
  } catch (error) {
    return { failed: messageOf(error) };
  }
  const value = plain(op, made);
  return value === undefined ? {} : { value };
}

/** Anything can be thrown, even what is no text and cannot be made one. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "";
  }
}

/** So that what a function does to a value is not done to what is kept. */
function copyOf<Value extends Json | undefined>(value: Value): Value {
  return typeof value === "object" ? (JSON.parse(JSON.stringify(value)) as Value) : value;
}

/** As it will come out of the journal, so that the first run sees what later ones do. `op` is for the error. @throws {SojournError} `invalid_field` */
export function plain(op: string, value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined) throw new SojournError("invalid_field", `What ${op} gave is not what JSON can keep. Give texts, numbers, lists and plain objects.`);
  return JSON.parse(text) as Json;
}
