import { apply } from "../../core/apply.ts";
import { clockCache } from "../../core/clock-cache.ts";
import type { Change, Committed, Refused, SessionId, SessionRecord } from "../../core/seam.ts";
import { isSameRecord } from "./same-record.ts";

/** A record as it was read. That there is none is not remembered: whoever tries ids at random would push out what is used. */
interface Known {
  readonly record: SessionRecord;
  /** ms, by the clock of `performance.now`: from then on it is too old. */
  readonly until: number;
}

/** A load on its way. */
export interface Flight {
  readonly id: SessionId;
  /** ms, as above. The answer is no older than this. */
  readonly began: number;
  /** Something was heard of the session since it began: its answer may be older than that, and is not kept. */
  spoilt: boolean;
  answer: Promise<SessionRecord | undefined> | undefined;
}

/** Commits to one session that are on their way. */
export interface Pending {
  readonly id: SessionId;
  waiting: number;
  /** The highest version heard of meanwhile. */
  heard: number;
  /** What they answer is not to be kept: more happened to the session meanwhile than a version can tell. */
  spoilt: boolean;
}

/**
 * What this process knows of the store's records, and what it may still believe. Nothing that was begun before news of a session was heard (of another
 * process, or an acknowledgement of its own) is kept afterwards: so what is old never takes the place of what is newer, whatever answers how late.
 */
export interface KnownRecords {
  /** What may be served at the moment `now`. */
  get(id: SessionId, now: number): SessionRecord | undefined;
  /** What was last heard of a session, however old. */
  peek(id: SessionId): SessionRecord | undefined;
  /** The load on its way that whoever begins to read now may wait for. */
  flight(id: SessionId, now: number): Flight | undefined;
  /** A load begins. It takes the place of one that is on its way. */
  begin(id: SessionId, now: number): Flight;
  /** Its answer. @returns what to answer: the object of before, where the record has not changed. */
  land(flight: Flight, record: SessionRecord | undefined): SessionRecord | undefined;
  /** It failed. */
  abandon(flight: Flight): void;
  /** A commit begins. */
  pend(id: SessionId): Pending;
  /** It was answered. `began`: ms. `before`: what was known of the session then. */
  answered(pending: Pending, change: Change, outcome: Committed | Refused, began: number, before: SessionRecord | undefined): void;
  /** It failed. `mayLand`: nobody knows whether it was written. */
  failed(pending: Pending, mayLand: boolean): void;
  /** News of a session. Without a version: it changed in some way. */
  hear(id: SessionId, version?: number, ended?: boolean): void;
  /** Forgets all that was begun before. @param trusted whether what is loaded from now on may be kept. */
  reset(trusted: boolean): void;
  readonly trusted: boolean;
  readonly size: number;
}

export interface KnownRecordsSettings {
  /** Most records kept. */
  readonly capacity: number;
  /** ms for which a record is believed. */
  readonly maxAge: number;
  /** Whether news come of every record, or of those alone that this process has loaded. */
  readonly everyRecord: boolean;
}

/** ms for which others wait for a load that is on its way, and not for one of their own: one that hangs must not hold a session up for ever. */
const joinable = 500;

export function knownRecords({ capacity, maxAge, everyRecord }: KnownRecordsSettings): KnownRecords {
  const entries = clockCache<Known>(capacity);
  const flights = new Map<SessionId, Flight>();
  const pendings = new Map<SessionId, Pending>();
  let trusted = false;

  function spoil(id: SessionId): void {
    const flight = flights.get(id);
    if (flight === undefined) return;
    flight.spoilt = true;
    flights.delete(id);
  }

  function forget(id: SessionId): void {
    spoil(id);
    entries.delete(id);
  }

  function release(pending: Pending): void {
    if (--pending.waiting === 0) pendings.delete(pending.id);
  }

  /** The record as the commit left it, if that is certain. The news of it may have come first, and have taken away what stood here. */
  function left(change: Change, { version, record }: Committed, earlier: SessionRecord | undefined): SessionRecord | undefined {
    if (record !== undefined) return record;
    const known = [entries.peek(change.id)?.record, earlier].find((before) => before?.version === version - 1);
    if (known === undefined && change.expect !== "absent") return undefined;
    const applied = apply(change.expect === "absent" ? undefined : known, change);
    return applied.ok ? applied.next : undefined;
  }

  return {
    get(id, now) {
      const known = entries.get(id);
      return known !== undefined && now < known.until ? known.record : undefined;
    },
    peek: (id) => entries.peek(id)?.record,
    flight(id, now) {
      const flight = flights.get(id);
      return flight?.answer !== undefined && now - flight.began < Math.min(joinable, maxAge) ? flight : undefined;
    },
    begin(id, now) {
      spoil(id);
      const flight: Flight = { id, began: now, spoilt: false, answer: undefined };
      flights.set(id, flight);
      return flight;
    },
    land(flight, record) {
      const { id, began } = flight;
      const pending = pendings.get(id);
      const before = entries.peek(id)?.record;
      // A load that began after a spoilt one may bring what was there before that one's answer.
      if (flight.spoilt) spoil(id);
      else flights.delete(id);
      if (record === undefined) {
        if (pending !== undefined) pending.spoilt = true;
        entries.delete(id);
        return undefined;
      }
      if (pending !== undefined) pending.heard = Math.max(pending.heard, record.version);
      if (flight.spoilt || !trusted) {
        // Whoever was given it must not be given what was there before it afterwards; which came first a version does not tell, where an id was used again.
        if (before !== undefined && !isSameRecord(before, record)) entries.delete(id);
        return record;
      }
      const kept = before !== undefined && isSameRecord(before, record) ? before : record;
      entries.set(id, { record: kept, until: began + maxAge });
      return kept;
    },
    abandon(flight) {
      if (!flight.spoilt) flights.delete(flight.id);
    },
    pend(id) {
      let pending = pendings.get(id);
      if (pending === undefined) pendings.set(id, (pending = { id, waiting: 0, heard: 0, spoilt: false }));
      pending.waiting++;
      return pending;
    },
    answered(pending, change, outcome, began, before) {
      const { id } = pending;
      release(pending);
      if (!outcome.ok) {
        // That a name is taken or a place full says nothing of this record.
        if (outcome.why === "taken" || outcome.why === "full") return;
        pending.spoilt = true;
        return forget(id);
      }
      const { version } = outcome;
      const certain = trusted && everyRecord && !change.erase && !pending.spoilt && pending.heard <= version;
      // What others on their way answer may belong to a session of this id that has been erased.
      const another = change.erase === true || change.expect === "absent";
      if (another) pending.spoilt = true;
      pending.heard = Math.max(pending.heard, version);
      const known = entries.peek(id)?.record;
      if (certain && !another && known !== undefined && known.version >= version) return spoil(id);
      const next = certain ? left(change, outcome, before) : undefined;
      forget(id);
      // Of an end and an erasure after it the versions are the same.
      if (next !== undefined && next.ended === undefined) entries.set(id, { record: next, until: began + maxAge });
    },
    failed(pending, mayLand) {
      release(pending);
      if (mayLand) forget(pending.id);
    },
    hear(id, version, ended) {
      spoil(id);
      const pending = pendings.get(id);
      const orderly = version !== undefined && ended !== true;
      if (pending !== undefined) {
        if (orderly) pending.heard = Math.max(pending.heard, version);
        else pending.spoilt = true;
      }
      const known = entries.peek(id)?.record;
      if (!orderly || known === undefined || known.version < version) entries.delete(id);
    },
    reset(trust) {
      trusted = trust;
      entries.clear();
      for (const flight of flights.values()) flight.spoilt = true;
      flights.clear();
      for (const pending of pendings.values()) pending.spoilt = true;
    },
    get trusted() {
      return trusted;
    },
    get size() {
      return entries.size;
    },
  };
}
