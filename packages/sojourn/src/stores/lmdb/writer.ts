import { outcomeUnknown, recordUnreadable, storeUnavailable } from "../../core/errors.ts";
import type { Change, Outcome, SessionId, SessionRecord } from "../../core/seam.ts";
import { deadlines } from "./deadlines.ts";
import { fold, prune } from "./fold.ts";
import { writeHead } from "./head.ts";
import { judge, type Judged } from "./judge.ts";
import type { Layout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { encodeEntries } from "./log-entries.ts";
import { refusedCommit } from "./refused-commit.ts";
import { UnreadableRecord } from "./record-codec.ts";
import type { Group, View } from "./view.ts";

/** Changes on their way into the database. */
export interface Writer {
  /** @param seen called when loads begin to see the change, or when it is certain that they never will. */
  write(change: Change, deadline?: number, seen?: () => void): Promise<Outcome>;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
}

/** A change and who waits for it. `given` to a transaction, it can no longer be withdrawn. */
interface Job {
  readonly change: Change;
  readonly deadline: number;
  seen: (() => void) | undefined;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
  outcome: Outcome | undefined;
  error: unknown;
  given: boolean;
  done: boolean;
}

export interface WriterOptions {
  readonly root: LmdbRoot;
  readonly layout: Layout;
  readonly view: View;
  /** Whether to answer only when the disk has it. */
  readonly flushed: boolean;
  /** Entries kept in the log. */
  readonly feed: number;
  /** Called after each group that changed something. */
  readonly landed: () => void;
}

/**
 * One transaction at a time, for all changes that wait when it begins; each is judged by itself, in order.
 * The transaction begins on a thread of LMDB's: a process that stops while it holds the write lock makes these changes wait, not the event loop.
 */
export function writer({ root, layout, view, flushed, feed, landed }: WriterOptions): Writer {
  let waiting: Job[] = [];
  let running: readonly Job[] = [];
  /** Committed, but not yet known to be on the disk. */
  const flushing = new Set<Job>();
  let busy = false;
  let whenIdle: (() => void)[] = [];
  const timers = deadlines(expire);

  function expire(now: number): number {
    let earliest = Infinity;
    let withdrawn = false;
    for (const job of [...flushing, ...running, ...waiting]) {
      if (job.done) continue;
      if (job.deadline > now) {
        earliest = Math.min(earliest, job.deadline);
        continue;
      }
      job.done = true;
      if (job.given) job.fail(outcomeUnknown("its transaction was not confirmed before the deadline"));
      else {
        withdrawn = true;
        job.fail(
          storeUnavailable(
            "other processes held the write lock, or one was opening the folder, until the deadline; the change was withdrawn and nothing was written",
          ),
        );
        arrive(job);
      }
    }
    if (withdrawn) {
      waiting = waiting.filter((job) => !job.done);
      tellIdle();
    }
    return earliest;
  }

  /** Inside the transaction. */
  function act(): Group | undefined {
    const jobs = waiting.splice(0, mostAtOnce);
    running = jobs;
    if (jobs.length === 0) return undefined;
    const head = view.catchUp();
    const judged: Judged = { entries: [], records: new Map<SessionId, SessionRecord | undefined>(), writing: false };
    const folded = fold(layout, view, head, judged);
    const before = judged.entries.length;
    for (const job of jobs) {
      job.given = true;
      try {
        job.outcome = judge(layout, view, judged, job.change);
      } catch (error) {
        if (judged.writing) throw error;
        // A record that cannot be read fails its own change, not its neighbours'.
        job.error =
          error instanceof UnreadableRecord
            ? recordUnreadable(job.change.id, error)
            : storeUnavailable(`session ${job.change.id} could not be judged, and nothing was written`, error);
      }
    }
    const count = judged.entries.length - before;
    if (count === 0) {
      // Folding without a change to carry it would have no number in the log: undo it.
      if (before > 0) throw nothingToDo;
      return undefined;
    }
    const last = head.last + count;
    layout.log.put(last, encodeEntries(judged.entries));
    writeHead(layout.log, { last, folded, pruned: prune(layout, head, folded, feed), writer: view.writer });
    const group: Group = { base: head.last, last, entries: judged.entries, records: judged.records, seen: () => jobs.forEach(arrive) };
    view.expect(group);
    return group;
  }

  function start(): void {
    busy = true;
    let onDisk: Promise<unknown> | undefined;
    const transaction = root.childTransaction(() => {
      // Asked for inside the transaction, it is the promise of its flush.
      if (flushed) onDisk = new Promise((resolve, reject) => void root.flushed.then(resolve, reject));
      return act();
    });
    transaction.then(
      (group) => finish(group, onDisk),
      (error: unknown) => (error === nothingToDo ? finish(undefined, undefined) : broken(error)),
    );
  }

  function finish(group: Group | undefined, onDisk: Promise<unknown> | undefined): void {
    const jobs = running;
    running = [];
    if (group === undefined) jobs.forEach(arrive);
    else view.landed(group);
    next();
    if (onDisk === undefined || group === undefined) jobs.forEach(answer);
    else afterFlush(jobs, onDisk);
    if (group !== undefined) landed();
  }

  function afterFlush(jobs: readonly Job[], onDisk: Promise<unknown>): void {
    for (const job of jobs) flushing.add(job);
    const each = (settle: (job: Job) => void): void => {
      for (const job of jobs) {
        flushing.delete(job);
        settle(job);
      }
    };
    onDisk.then(
      () => each(answer),
      (error: unknown) => each((job) => failed(job, outcomeUnknown("it was committed, but flushing it to the disk failed", error))),
    );
  }

  function broken(error: unknown): void {
    const refusal = refusedCommit(root, error);
    view.expect(undefined);
    // It may not even have begun.
    const jobs = running.length > 0 ? running : waiting.splice(0);
    running = [];
    next();
    jobs.forEach(arrive);
    void refusal.then((why) => jobs.forEach((job) => failed(job, why)));
  }

  function next(): void {
    busy = false;
    if (waiting.length > 0) start();
    else tellIdle();
  }

  /** A transaction that still waits for the lock, with nothing left to do in it, is nobody's concern. */
  function tellIdle(): void {
    if (running.length > 0 || waiting.length > 0) return;
    for (const tell of whenIdle) tell();
    whenIdle = [];
  }

  return {
    write(change, deadline = Infinity, seen) {
      return new Promise<Outcome>((settle, fail) => {
        waiting.push({ change, deadline, seen, settle, fail, outcome: undefined, error: undefined, given: false, done: false });
        if (deadline !== Infinity) timers.watch(deadline);
        if (!busy) start();
      });
    },
    idle: () =>
      new Promise((resolve) => {
        whenIdle.push(resolve);
        tellIdle();
      }),
  };
}

/** Changes that one transaction takes: it is judged in one go, and the event loop waits. */
const mostAtOnce = 1024;

const nothingToDo = new Error("all changes were refused");

function arrive(job: Job): void {
  const { seen } = job;
  job.seen = undefined;
  seen?.();
}

function answer(job: Job): void {
  if (job.outcome === undefined) return failed(job, job.error);
  if (job.done) return;
  job.done = true;
  job.settle(job.outcome);
}

function failed(job: Job, error: unknown): void {
  if (job.done) return;
  job.done = true;
  job.fail(error);
}
