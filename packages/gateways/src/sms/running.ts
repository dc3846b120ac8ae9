import { SojournError } from "sojourn";
import { turn } from "../dialogue.ts";
import type { Json } from "../replay.ts";
import { isStopped, knownContact } from "./contact.ts";
import { advance, grace, labelOf, nextMoment, overWith, type AnyDialogue, type Event } from "./conversation.ts";
import { json, originOf, outsOf, overOf, saidBy, say, type Origin, type Over, type SmsSession } from "./dialogue-record.ts";
import { flush } from "./outbox.ts";
import { claimFreeCell, createInFreeCell, orderOf, cellOf } from "./pool.ts";
import { dialogueKind, subjectOf, type Scene } from "./scene.ts";
import type { Started } from "./sms.ts";

/** Dialogues as they run: begun, moved on by what happens, and brought to their end. */
export interface Running {
  /** @param by the message that asked for it: it is over that number, and the same message again begins no second one. */
  start(dialogue: AnyDialogue, handset: string, args: Json, by?: Beginning): Promise<Started>;
  /** Takes a dialogue a step on. False when nothing waited for what has happened. Once it resolves, what happened is safe. */
  moveOn(session: SmsSession, event: Event): Promise<boolean>;
  /** Does what is due for a dialogue. */
  woken(session: SmsSession): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** A message that began a dialogue, and its name. */
interface Beginning {
  readonly number: string;
  readonly message: string | undefined;
}

/** How often, and how long (ms), another process is waited for that has messages of the dialogue in hand. */
const patience = 20;
const pause = 50;
/** How often a dialogue that waits for a number looks for one, if nobody tells it (ms). */
const waitForCell = 60_000;

export function running(scene: Scene): Running {
  const { sessions, exhausted, numbers, now, lifetime } = scene;
  /** What this process has under way, by session: one thing at a time, so that it does not race with itself. */
  const chains = new Map<string, Promise<unknown>>();

  function inOrder<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = chains.get(key) ?? Promise.resolve();
    const done = before.then(act, act);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    chains.set(key, settled);
    void settled.then(() => chains.get(key) === settled && chains.delete(key));
    return done;
  }

  /** What nobody waits for: what failed here is done again when its wake comes. A session that ended meanwhile has nothing left to do. */
  async function inTheEnd(session: SmsSession, work: () => Promise<unknown>): Promise<void> {
    const { id } = session;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== "session_ended") scene.failed(id, error);
    }
  }

  async function start(started: AnyDialogue, handset: string, args: Json, by?: Beginning): Promise<Started> {
    if (isStopped(await knownContact(sessions, handset))) return { ok: false, why: "stopped" };
    const order = by === undefined ? orderOf(numbers, handset) : [by.number];
    const origin: Origin = { name: started.name, version: started.version, args, handset };
    // Nothing of the dialogue is run before it has its place: what it does in the world would be done for nothing.
    const birth = (given: string | undefined) => ({
      kind: dialogueKind,
      subject: subjectOf(handset),
      ...lifetime,
      data: {
        dialogue: json(origin),
        ...(given === undefined ? undefined : { number: given }),
        ...(by?.message === undefined ? undefined : { heard: [by.message] }),
      },
      wakeAt: now() + (given === undefined ? waitForCell : grace),
    });
    let session = await createInFreeCell(sessions, handset, order, birth);
    if (session === undefined && exhausted === "oldest-yields" && (await yieldOldest(handset))) {
      session = await createInFreeCell(sessions, handset, order, birth);
    }
    // It shares a number; whoever answers there is asked which dialogue is meant.
    if (session === undefined && exhausted === "menu") session = await sessions.create(birth(order[0]));
    if (session === undefined && exhausted === "queue") session = await sessions.create(birth(undefined));
    if (session === undefined) return { ok: false, why: "exhausted" };
    const begun = session;
    const id = begun.id as string;
    // STOP may have come while it began; whichever was written first, one of the two sees the other.
    if (isStopped(await knownContact(sessions, handset))) {
      await begun.end("stopped");
      return { ok: false, why: "stopped" };
    }
    const given = numberOf(begun);
    if (given !== undefined) await inOrder(id, async () => inTheEnd(begun, async () => begin(begun, given)));
    return { ok: true, id, number: given };
  }

  /** The first turn, which nothing has happened before. */
  async function begin(session: SmsSession, number: string): Promise<void> {
    const { name, args } = originOf(session) as Origin;
    const at = now();
    const run = await turn(scene.known(name).script, args as never, { journal: [] }, { now: () => at });
    const { reached } = run;
    session.set("turns", json({ first: 0, next: run.steps.length > 0 ? 1 : 0 }));
    if (run.steps.length > 0) session.set("turn.0", run.steps as unknown as Json);
    if (run.checkpoint !== undefined) session.set("state", run.checkpoint);
    if (reached.state === "waiting") session.set("wait", json({ ...reached.on }));
    else session.set("over", json(overWith(reached)));
    const asked = labelOf(run.said);
    if (asked !== undefined) session.set("asked", asked);
    say(session, number, run.said, at);
    session.wakeAt(nextMoment(session, at));
    await session.commit({ ifVersion: session.version });
    if (reached.state === "failed") scene.failed(session.id, reached.error);
    await goOn(session, () => true);
  }

  /** Ends the oldest dialogue with a handset. */
  async function yieldOldest(handset: string): Promise<boolean> {
    for await (const { id, kind } of sessions.list({ subject: subjectOf(handset) })) {
      if (kind === dialogueKind && (await sessions.end({ id }, "yielded"))) return true;
    }
    return false;
  }

  /** Sends what was said, and when all is over ends the session. @param own which messages this process has just said. */
  async function goOn(session: SmsSession, own: (n: number) => boolean): Promise<void> {
    const origin = originOf(session);
    if (origin === undefined || !session.exists) return;
    const next = await flush(session, origin.handset, scene.sending, own);
    const over = overOf(session);
    // What has been handed over goes with the session; if it is not ended after all, it is handed over again.
    if (next === undefined && over !== undefined) return finish(session, origin, over);
    const moment = nextMoment(session, now());
    const due = next === undefined ? moment : Math.min(next, moment ?? next);
    if (due !== session.wakesAt) session.wakeAt(due);
    await session.commit();
  }

  /** Another process may be about to hand over what it said before: it is given a moment, so that the order is kept. */
  async function goOnInTurn(session: SmsSession, own: (n: number) => boolean): Promise<void> {
    let current: SmsSession | undefined = session;
    for (let n = 0; n < patience && current !== undefined && outsOf(current).some(([m]) => !own(m)); n++) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      current = await sessions.reach({ id: session.id as string }, { touch: false });
    }
    if (current !== undefined) await goOn(current, own);
  }

  async function finish(session: SmsSession, { name, args, handset }: Origin, { reason, result }: Over): Promise<void> {
    await scene.finished?.({ id: session.id as string, dialogue: name, args, handset, reason, result });
    await session.end(reason);
    if (exhausted === "queue") await nextInQueue(handset);
  }

  /** A cell has become free: the oldest that waits for one gets it. */
  async function nextInQueue(handset: string): Promise<void> {
    for await (const { id, kind } of sessions.list({ subject: subjectOf(handset) })) {
      if (kind !== dialogueKind) continue;
      const waiting = await sessions.reach({ id }, { touch: false });
      if (waiting === undefined || numberOf(waiting) !== undefined) continue;
      if (!(await inOrder(id, async () => leaveQueue(waiting)))) return;
    }
  }

  /** False when no cell is free. */
  async function leaveQueue(session: SmsSession): Promise<boolean> {
    const { handset } = originOf(session) as Origin;
    const number = await claimFreeCell(session, handset, orderOf(numbers, handset));
    if (number === undefined) return false;
    session.set("number", number);
    try {
      await session.commit({ ifVersion: session.version });
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== "stale") throw error;
      // Another process was at it, and has got it another cell or none.
      const other = await sessions.reach({ id: session.id as string }, { touch: false });
      if (other !== undefined && numberOf(other) !== number) await other.release(cellOf(handset, number));
      return true;
    }
    await begin(session, number);
    return true;
  }

  async function moveOn(session: SmsSession, event: Event): Promise<boolean> {
    const id = session.id as string;
    /** Then what was just read is not the newest any more. */
    const busy = chains.has(id);
    return inOrder(id, async () => {
      // Time going by is nobody's activity.
      const fresh = async (): Promise<SmsSession | undefined> => sessions.reach({ id }, { touch: event.text !== undefined });
      let latest = busy ? await fresh() : session;
      const number = latest === undefined ? undefined : numberOf(latest);
      if (latest === undefined || number === undefined) return false;
      const before = saidBy(latest);
      const moved = await advance(latest, number, scene, event, async () => (latest = await fresh()));
      const current = latest;
      if (moved === "taken") await inTheEnd(current, async () => goOnInTurn(current, (n) => n >= before));
      return moved !== "unexpected";
    });
  }

  async function woken(session: SmsSession): Promise<void> {
    const id = session.id as string;
    const number = numberOf(session);
    if (number === undefined) {
      if (await inOrder(id, async () => leaveQueue(session))) return;
      session.wakeAt(now() + waitForCell);
      return session.commit();
    }
    // Whoever was to begin it has not.
    if (session.get("turns") === undefined) return inOrder(id, async () => begin(session, number));
    if (await moveOn(session, { at: now() })) return;
    const current = await sessions.reach({ id }, { touch: false });
    if (current !== undefined) await inOrder(id, async () => goOn(current, () => false));
  }

  return {
    start,
    moveOn,
    woken,
    async idle() {
      while (chains.size > 0) await Promise.all(chains.values());
    },
  };
}

function numberOf(session: SmsSession): string | undefined {
  return session.get("number") as string | undefined;
}
