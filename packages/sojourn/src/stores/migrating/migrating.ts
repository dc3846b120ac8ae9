import { apply } from "../../core/apply.ts";
import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { CallOptions, Change, ClockedStore, Outcome, Refused, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { arrivalOf, checkNames, hasCome, shown } from "./layout.ts";
import { listing } from "./listing.ts";
import { mover, type Home, type Mover } from "./mover.ts";
import { markedNames, type MarkedNames, type Wanted } from "./names.ts";

export { migrate, type MigrateOptions, type MigrateProgress, type MigrateReport } from "./migrate.ts";

/** The two houses. */
export interface Houses {
  /** Where sessions have been until now. */
  readonly from: Store;
  /** Where they are to be. Empty at the beginning. */
  readonly to: Store;
}

/** Settings of {@link migrating}. */
export interface MigratingOptions {
  /**
   * - `"old"`: works in `from`, and follows what has moved.
   * - `"both"` (default): moves what it meets, and works in `to`.
   * - `"new"`: works in `to` alone.
   *
   * Each is safe beside its neighbour: all processes are `"old"` before the first is `"both"`, and all are `"both"`, and `migrate` has said that the house
   * is moved, before the first is `"new"`.
   */
  readonly phase?: "old" | "both" | "new";
}

/** The longest time for which a change is tried again while others keep changing the session, in tries. */
const tries = 100;
/** Sessions carried over at once because somebody read them. */
const mostAside = 32;

/**
 * A store around two stores: sessions move from one to the other while both are in use, and nobody is logged out. Each is at home in exactly one of them;
 * the step that moves it is one compare-and-set in `from`. Its id, version, kind, subject, wake, epoch, end, aliases and fields stay what they are.
 *
 * `load` and `find` answer from where the session is; with `"both"` what is read is carried over afterwards, and what is written before. `close` closes both.
 *
 * @throws {SojournError} `invalid_option`
 */
export function migrating({ from, to }: Houses, options: MigratingOptions = {}): Store & Partial<ClockedStore> {
  const { phase = "both" } = options;
  if (phase !== "old" && phase !== "both" && phase !== "new") {
    throw new SojournError("invalid_option", `phase is ${JSON.stringify(phase)}. Give "old", "both" or "new".`);
  }
  if (from === to)
    throw new SojournError("invalid_option", "from and to are the same store. Give the one that sessions leave, and the one that they are to be in.");
  const moves = mover(from, to);
  const names = markedNames(from, to);
  const aside = new Map<SessionId, Promise<unknown>>();
  const commit = committer({ from, to, moves, names, carries: phase === "both" });

  /** Nobody waits for it, and nobody is told: the next who meets the session tries again. */
  function carryAside(home: Home & { at: "from" }): void {
    const { id } = home.record;
    if (aside.size >= mostAside || aside.has(id)) return;
    const done = moves
      .carry(home)
      .catch(() => undefined)
      .finally(() => aside.delete(id));
    aside.set(id, done);
  }

  async function close(): Promise<void> {
    await Promise.all(aside.values());
    await Promise.all([from.close(), to.close()]);
  }

  const clock = "now" in to ? { now: () => (to as Store & ClockedStore).now() } : undefined;
  if (phase === "new") {
    return {
      load: (id, given) => to.load(id, given),
      commit: (change, given) => to.commit(change, given),
      find: (query, page) => to.find(query, page),
      close,
      ...clock,
    };
  }
  return {
    async load(id, given) {
      const home = await moves.find(id, given);
      if (phase === "both" && home.at === "from") carryAside(home);
      return home.record;
    },
    commit,
    find: listing(from, to, moves),
    close,
    ...clock,
  };
}

interface Committing extends Houses {
  readonly moves: Mover;
  readonly names: MarkedNames;
  /** Whether what is written is carried over. */
  readonly carries: boolean;
}

function committer({ from, to, moves, names, carries }: Committing): (change: Change, options?: CallOptions) => Promise<Outcome> {
  /** What has to be done after the answer is certain. Whoever meets what is left of it does it again. */
  async function afterwards(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch {
      // The change has been made, and its caller is told so.
    }
  }

  async function create(home: Home & { at: "nowhere" }, change: Change, options: CallOptions | undefined): Promise<Outcome | "again"> {
    if (home.marker !== undefined) {
      await from.commit({ id: change.id, expect: home.marker.version, erase: true }, options);
      return "again";
    }
    const outcome = await from.commit(change, options);
    if (!outcome.ok) return outcome.why === "exists" ? "again" : outcome;
    const applied = apply(undefined, change);
    const record = applied.ok ? applied.next : undefined;
    if (!carries || record === undefined) return outcome;
    return (await refusedThere({ at: "from", record, copy: home.copy }, change, options)) ?? outcome;
  }

  /** Carries a session over that was created a moment ago. What cannot be moved now is moved later. @returns why `to` refuses it, which is the answer then */
  async function refusedThere(born: Home & { at: "from" }, change: Change, options: CallOptions | undefined): Promise<Refused | undefined> {
    let refused: Refused | undefined;
    try {
      let home: Home = born;
      for (let n = 0; n < tries && home.at === "from"; n++) {
        const carried = await moves.carry(home, options, change);
        if (carried === "full") return undefined;
        if (typeof carried !== "string") refused = carried;
        home = refused === undefined ? await moves.find(change.id, options) : { at: "nowhere", record: undefined, marker: undefined, copy: undefined };
      }
      if (home.at === "to" && !hasCome(home.raw)) refused = { ok: false, why: "exists" };
    } catch {
      return undefined;
    }
    if (refused === undefined) return undefined;
    // Nobody was told of it.
    const copy = await to.load(change.id, { ...options, fresh: true });
    if (copy !== undefined && arrivalOf(copy) !== undefined) await to.commit({ id: change.id, expect: copy.version, erase: true }, options);
    await forget(change.id, options);
    return refused;
  }

  /** Refused unless nobody changed its epoch, which moving it does. */
  async function inFrom(home: Home & { at: "from" }, change: Change, options: CallOptions | undefined): Promise<Outcome | "again"> {
    const outcome = await from.commit({ ...change, fence: home.record.epoch }, options);
    if (outcome.ok || outcome.why === "taken" || outcome.why === "full") return outcome;
    return "again";
  }

  async function inTo(
    home: Home & { at: "to" },
    change: Change,
    next: SessionRecord | undefined,
    options: CallOptions | undefined,
  ): Promise<Outcome | "again"> {
    const { raw, record } = home;
    if (home.unsettled) return { ok: false, why: "full", of: "store" };
    const wanted = wantedBy(record, next);
    // Upon exactly this record, also when it has the name already: it may be about to give it up.
    const takes = change.ended === undefined && (wanted.aliases.length > 0 || wanted.subject !== undefined || (change.claim ?? []).length > 0);
    if (wanted.aliases.length > 0 || wanted.subject !== undefined) {
      const refused = await names.reserve(raw, wanted, change, options);
      if (refused !== undefined) return refused;
      hurry(options);
    }
    const outcome = await to.commit(takes ? exactly(raw, change, next) : inNumbersOf(raw, record, change), options);
    if (!outcome.ok) {
      if (takes) await afterwards(() => names.tidy(change.id, options));
      return outcome.why === "taken" || outcome.why === "full" ? outcome : "again";
    }
    if (change.erase) await afterwards(() => forget(change.id, options));
    else if (change.ended !== undefined)
      await afterwards(async () => from.commit({ id: change.id, expect: "live", ended: change.ended as string, wake: null }, options));
    else if (change.release !== undefined || (next?.subject !== record.subject && record.subject !== undefined)) {
      await afterwards(() => names.tidy(change.id, options));
    }
    const version = outcome.version + record.version - raw.version;
    return { ok: true, version, ...(outcome.record && { record: shown(outcome.record) }) };
  }

  /** Takes away what is left in `from` of a session that was erased. */
  async function forget(id: SessionId, options: CallOptions | undefined): Promise<void> {
    for (let n = 0; n < 10; n++) {
      const left = await from.load(id, { ...options, fresh: true });
      if (left === undefined || (await from.commit({ id, expect: left.version, erase: true }, options)).ok) return;
    }
  }

  /** One try. */
  async function attempt(change: Change, options: CallOptions | undefined, fits: boolean): Promise<Outcome | "again" | "no room"> {
    const home = await moves.find(change.id, options);
    const applied = apply(home.record, change);
    if (!applied.ok) return applied;
    hurry(options);
    if (home.at === "nowhere") return create(home, change, options);
    if (home.at === "to") return inTo(home, change, applied.next, options);
    if (!carries || !fits) return inFrom(home, change, options);
    const carried = await moves.carry(home, options);
    return carried === "full" ? "no room" : "again";
  }

  return async (change, options) => {
    checkNames(change);
    let fits = true;
    let patience = 0;
    for (let n = 0; n < tries; n++) {
      const outcome = await attempt(change, options, fits);
      // What cannot be moved yet stays where it is: an end, above all, must not wait for room.
      if (outcome === "no room") fits = false;
      else if (outcome !== "again") {
        const inTheWay = !outcome.ok && (outcome.why === "taken" || (outcome.why === "full" && outcome.of !== "store"));
        if (!inTheWay || !(await names.clear(outcome, change, patience++, options))) return outcome;
      } else if (n > 2) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(n, 20)));
    }
    throw storeUnavailable(`session ${change.id} was changed by others ${tries} times in a row; nothing was written`);
  };
}

/** Names that the record does not hold yet. */
function wantedBy(record: SessionRecord, next: SessionRecord | undefined): Wanted {
  if (next === undefined || next.ended !== undefined) return { aliases: [], subject: undefined };
  return {
    aliases: next.aliases.filter((alias) => !record.aliases.includes(alias)),
    subject: next.subject === record.subject ? undefined : next.subject,
  };
}

/** The change upon exactly this version of the record, whatever it was to be made upon. */
function exactly(raw: SessionRecord, change: Change, next: SessionRecord | undefined): Change {
  return { ...change, expect: raw.version, ...(change.wake === undefined ? undefined : { wake: next?.wake ?? null }) };
}

function inNumbersOf(raw: SessionRecord, record: SessionRecord, change: Change): Change {
  return typeof change.expect === "number" ? { ...change, expect: change.expect - record.version + raw.version } : change;
}

/** @throws {SojournError} when it is too late to send anything */
function hurry(options: CallOptions | undefined): void {
  if (options?.deadline !== undefined && options.deadline <= Date.now()) {
    throw storeUnavailable("the deadline had passed before the change was sent; nothing was written");
  }
}
