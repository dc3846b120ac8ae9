import { SojournError } from "sojourn";
import { NotUnderstood, turn, Unanswered, type Dialogue, type Script, type Turn } from "../dialogue.ts";
import type { Happening, Json } from "../replay.ts";
import { journalOf, json, keep, originOf, outsOf, overOf, say, turnsOf, waitOf, type Origin, type Over, type SmsSession } from "./dialogue-record.ts";

/** Any dialogue, whatever its arguments and result. */
export type AnyDialogue = Dialogue<never, unknown>;

/** What happened to a dialogue, and under which name of the network's, if it was a message. */
export interface Event extends Happening {
  readonly message?: string | undefined;
}

/** What became of a happening: `taken`, `duplicate`, or not waited for. */
export type Advance = "taken" | "duplicate" | "unexpected";

/** Message names that a dialogue remembers: as many as may come again late. */
const remembered = 20;
const tries = 50;

/** What dialogues are run with. */
export interface Stage {
  readonly dialogues: ReadonlyMap<string, AnyDialogue>;
  /** Told what a dialogue's function threw. */
  readonly failed: (id: string | undefined, error: unknown) => void;
}

/**
 * Takes a dialogue a step on with what has happened: one commit for all that the step has learnt, said and come to. Of two processes that do so at once
 * one comes first, and the other looks again. The function runs once more then; what it does in the world by `run` may so be done twice.
 * @throws {SojournError} `session_ended`, `store_unavailable`, …
 */
export async function advance(session: SmsSession, from: string, stage: Stage, event: Event, reload: () => Promise<SmsSession | undefined>): Promise<Advance> {
  let current: SmsSession | undefined = session;
  for (let n = 0; n < tries && current !== undefined; n++) {
    // What the visit itself writes down comes first, or it would be taken for somebody else's change.
    await current.commit();
    const heard = (current.get("heard") as readonly string[] | undefined) ?? [];
    if (event.message !== undefined && heard.includes(event.message)) return "duplicate";
    if (overOf(current) !== undefined || !isWaitedFor(current, event)) return "unexpected";
    const moved = await step(current, from, stage, event);
    if (moved === undefined) return "unexpected";
    if (event.message !== undefined) current.set("heard", [...heard, event.message].slice(-remembered));
    try {
      await current.commit({ ifVersion: current.version });
      if (moved.error !== undefined) stage.failed(current.id, moved.error);
      return "taken";
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== "stale") throw error;
      current = await reload();
    }
  }
  throw new SojournError("session_ended", "The dialogue ended, or was changed by others all the time; nothing was written.");
}

/** Before the function is run: most of what comes at the wrong moment is known without. */
function isWaitedFor(session: SmsSession, { at, text }: Happening): boolean {
  const wait = waitOf(session);
  if (wait === undefined) return false;
  return text === undefined ? wait.until !== undefined && wait.until <= at : wait.text;
}

/** One turn; what it gives is set, and not committed. `undefined` when the function did not take what happened, else what it threw, if it did. */
async function step(session: SmsSession, from: string, { dialogues }: Stage, event: Event): Promise<{ readonly error?: unknown } | undefined> {
  const origin = originOf(session) as Origin;
  const found = scriptOf(dialogues.get(origin.name), origin.version);
  if (found === undefined) {
    session.set("over", json({ reason: "changed" } satisfies Over));
    session.delete("wait");
    return {};
  }
  const { first, next } = turnsOf(session);
  const state = session.get("state");
  const run = await turn(
    found.script,
    origin.args as never,
    { journal: journalOf(session), ...(state === undefined ? undefined : { state }) },
    { happened: event, now: () => event.at },
  );
  if (!run.taken && run.reached.state === "waiting") return undefined;
  if (run.checkpoint === undefined) keep(session, { first, next }, run.steps);
  else {
    for (let n = first; n < next; n++) session.delete(`turn.${n}`);
    session.set("state", run.checkpoint);
    keep(session, { first: next, next }, run.steps);
  }
  if (found.version !== origin.version && run.reached.state !== "failed") session.set("dialogue", json({ ...origin, version: found.version }));
  come(session, run, found.version !== origin.version);
  say(session, from, run.said, event.at);
  const asked = labelOf(run.said);
  if (asked !== undefined) session.set("asked", asked);
  session.wakeAt(nextMoment(session, event.at));
  return run.reached.state === "failed" ? { error: run.reached.error } : {};
}

function come(session: SmsSession, { reached }: Turn<unknown>, migrated: boolean): void {
  if (reached.state === "waiting") {
    session.set("wait", json({ text: reached.on.text, ...(reached.on.until === undefined ? undefined : { until: reached.on.until }) }));
    return;
  }
  session.delete("wait");
  session.set("over", json(overWith(reached, migrated)));
}

/** @param migrated whether a newer function was tried on an older one's journal. */
export function overWith(reached: Exclude<Turn<unknown>["reached"], { state: "waiting" }>, migrated = false): Over {
  if (reached.state === "done") return { reason: "done", ...(reached.result === undefined ? undefined : { result: reached.result as Json }) };
  if (reached.error instanceof Unanswered) return { reason: "timeout" };
  if (reached.error instanceof NotUnderstood) return { reason: "misunderstood" };
  return { reason: migrated ? "changed" : "failed" };
}

/** By what a person knows a dialogue again: the beginning of what it said last. */
export function labelOf(said: readonly string[]): string | undefined {
  return said.at(-1)?.split("\n", 1)[0]?.slice(0, 50);
}

/** Which function a dialogue that began in that version goes on with. */
function scriptOf(dialogue: AnyDialogue | undefined, version: number): { readonly script: Script<never, unknown>; readonly version: number } | undefined {
  if (dialogue === undefined) return undefined;
  if (dialogue.version === version) return dialogue;
  const older = dialogue.older[version];
  if (older !== undefined) return { script: older, version };
  return dialogue.changed === "migrate" ? dialogue : undefined;
}

/** How long messages are left to the process that said them, before another takes them for left behind (ms). */
export const grace = 30_000;

/** When a dialogue has to be looked at, if nothing happens: a deadline of its own, or messages that are left behind. */
export function nextMoment(session: SmsSession, now: number): number | undefined {
  const moments = [waitOf(session)?.until, outsOf(session).length > 0 || overOf(session) !== undefined ? now + grace : undefined].filter(
    (moment) => moment !== undefined,
  );
  return moments.length === 0 ? undefined : Math.min(...moments);
}
