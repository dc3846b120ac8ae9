import type { Clock } from "../core/clock.ts";
import type { SessionId, SessionRecord } from "../core/seam.ts";
import { highestOf, isCut, type Cut } from "./cuts.ts";
import { knownFloors, type KnownFloors } from "./known-floors.ts";
import type { RevocationRecords } from "./revocation-records.ts";
import { untilMap } from "./until-map.ts";

/** All that is known here of what was ended and replaced. In memory; a record is forgotten when no token of its session can be good any more. */
export interface KnownRevocations {
  readonly floors: KnownFloors;
  /** Takes a record in, in whatever order they come: what is known only ever grows, and what is not needed any more makes room. Never throws. */
  note(record: SessionRecord): void;
  /** Why a token is refused. The parameters are those of {@link Revocations.refused}. */
  refused(id: SessionId, generation: number, subject: string | undefined, since: number, now: number): "ended" | "replaced" | undefined;
  /** Epoch ms until which it is known to have ended for everybody; -Infinity: it is not. */
  endedUntil(id: SessionId): number;
  /** The highest generation that replaces others, as far as is known; -Infinity: none does. */
  generationOf(id: SessionId, now: number): number;
  /** Forgets at most so many of each sort that are not needed any more. */
  forget(now: number, most: number): void;
  /** Sessions and floors of which something is known. */
  readonly size: number;
}

/** Nothing is known yet. @param tenant whose */
export function knownRevocations(tenant: string, records: RevocationRecords, clock: Clock): KnownRevocations {
  const ended = untilMap<true>();
  /** By session and subject. */
  const endedFor = untilMap<true>();
  const replaced = untilMap<readonly Cut[]>();
  const floors = knownFloors(tenant);
  const scoped = (id: SessionId, subject: string): string => `${id} ${subject}`;

  function note(record: SessionRecord): void {
    // Two go for one that comes, so that there are never many that are of no use.
    forget(clock.now(), 2);
    if (record.kind === records.kind.floor) return floors.note(record);
    const said = records.read(record);
    if (said === undefined) return;
    const { session, until } = said;
    if (said.type === "ended") ended.set(session, true, until);
    else if (said.type === "ended-for") endedFor.set(scoped(session, said.subject), true, until);
    else if (highestOf(said.cuts) >= highestOf(replaced.get(session, -Infinity) ?? [])) replaced.set(session, said.cuts, until);
  }

  function forget(now: number, most: number): void {
    ended.forget(now, most);
    endedFor.forget(now, most);
    replaced.forget(now, most);
    floors.forget(now, most);
  }

  return {
    floors,
    note,
    refused(id, generation, subject, since, now) {
      // Whoever asks pays for what it asks through: a busy node needs no timer to stay small.
      forget(now, 1);
      if (ended.size > 0 && ended.get(id, now) !== undefined) return "ended";
      if (endedFor.size > 0 && subject !== undefined && endedFor.get(scoped(id, subject), now) !== undefined) return "ended";
      if (floors.size > 0 && floors.belowNow({ id, subject, since }, now)) return "ended";
      if (replaced.size === 0) return undefined;
      const cuts = replaced.get(id, now);
      return cuts !== undefined && isCut(cuts, generation, now) ? "replaced" : undefined;
    },
    endedUntil: (id) => ended.untilOf(id),
    generationOf: (id, now) => highestOf(replaced.get(id, now) ?? []),
    forget,
    get size() {
      return ended.size + endedFor.size + replaced.size + floors.size;
    },
  };
}
