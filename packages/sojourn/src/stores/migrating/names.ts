import type { CallOptions, Change, Cursor, Outcome, Page, Refused, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { aliasBase, arrivalOf, isMarker, names, subjectBase } from "./layout.ts";

/**
 * Aliases and places among a subject's sessions, of sessions that have moved. While they move, `from` alone decides who may have them, and the markers
 * there hold them for the records in `to`: put before the commit, taken away after it.
 *
 * A marker that holds what its record does not belongs to a commit that is on its way, or that will never land. Beside it stands the version in `to` upon
 * which that commit was made: once the record has another version, the commit is refused, and what was held for it is dead. No clock decides.
 */
export interface MarkedNames {
  /** Has the marker hold what a commit is to take upon this version of the record. @returns why not; `"again"`: look again */
  reserve(raw: SessionRecord, wanted: Wanted, change: Change, options?: CallOptions): Promise<Refused | "again" | undefined>;
  /** Has the marker give up what its record no longer holds. */
  tidy(id: SessionId, options?: CallOptions): Promise<void>;
  /** Whether what is in the way of a change is dead, and was taken away, or may be soon. @param patience how often it was asked before. */
  clear(refused: Refused, change: Change, patience: number, options?: CallOptions): Promise<boolean>;
}

export interface Wanted {
  readonly aliases: readonly string[];
  readonly subject: string | undefined;
}

/** How often somebody who is on their way is waited for. */
const patient = 20;
const pageSize = 100;

export function markedNames(from: Store, to: Store): MarkedNames {
  /** When the markers of a kind may be looked through again, by `performance.now`. */
  const looks = new Map<string, number>();
  const nowOf = (options: CallOptions | undefined): CallOptions => ({ ...options, fresh: true });

  /** What of the marker is dead, upon this record. */
  function deadOf(marker: SessionRecord, there: SessionRecord): Wanted & { readonly subjectIs: boolean } {
    const dead = (field: string): boolean => Number(marker.fields[field] ?? "0") < there.version;
    return {
      aliases: marker.aliases.filter((alias) => !there.aliases.includes(alias) && dead(aliasBase(alias))),
      subject: there.subject,
      subjectIs: marker.subject !== undefined && marker.subject !== there.subject && dead(subjectBase),
    };
  }

  async function tidy(id: SessionId, options?: CallOptions): Promise<void> {
    for (let n = 0; n < 10; n++) {
      // In this order: what the marker holds for a newer record than the one found is left alone, as its version will show.
      const marker = await from.load(id, nowOf(options));
      if (marker === undefined || !isMarker(marker) || marker.ended !== undefined) return;
      const there = await to.load(id, nowOf(options));
      const arrival = arrivalOf(there);
      if (arrival !== undefined && names(marker, arrival)) return;
      const change = tidying(marker, there);
      if (change === undefined || (await from.commit(change, options)).ok) return;
    }
  }

  function tidying(marker: SessionRecord, there: SessionRecord | undefined): Change | undefined {
    const at = { id: marker.id, expect: marker.version };
    if (there === undefined || arrivalOf(there) !== undefined) return { ...at, erase: true };
    if (there.ended !== undefined) return { ...at, ended: there.ended, wake: null };
    const { aliases, subject, subjectIs } = deadOf(marker, there);
    if (aliases.length === 0 && !subjectIs) return undefined;
    return {
      ...at,
      release: aliases,
      ...(subjectIs ? { subject: subject ?? null } : undefined),
      unset: [...aliases.map(aliasBase), ...(subjectIs ? [subjectBase] : [])],
    };
  }

  /** Asks a holder whether it holds. `"open"`: it may be about to. */
  async function ask(holder: SessionRecord, holds: (there: SessionRecord) => boolean, base: string, options?: CallOptions): Promise<"yes" | "no" | "open"> {
    if (!isMarker(holder)) return "yes";
    const there = await to.load(holder.id, nowOf(options));
    const arrival = arrivalOf(there);
    if (there === undefined) return "no";
    if (arrival !== undefined) return names(holder, arrival) ? "yes" : "no";
    if (there.ended !== undefined) return "no";
    if (holds(there)) return "yes";
    return Number(holder.fields[base] ?? "0") < there.version ? "no" : "open";
  }

  /** Whoever was to land upon this version of the record does not any more. */
  async function forbid(id: SessionId, options?: CallOptions): Promise<void> {
    const there = await to.load(id, nowOf(options));
    if (there !== undefined) await to.commit({ id, expect: there.version }, options);
  }

  /** Whether a session of the kind has ended, and its marker does not know: one process may end a session in `to`, and die before it says so in `from`. */
  async function clearKind(kind: string, options?: CallOptions): Promise<boolean> {
    if (performance.now() < (looks.get(kind) ?? 0)) return false;
    const began = performance.now();
    const page: Page = { ...options, limit: pageSize };
    let after: Cursor | undefined;
    for (;;) {
      const found = await from.find({ kind }, after === undefined ? page : { ...page, after });
      for (const marker of found.records) {
        if (marker.ended === undefined && (await ask(marker, () => true, subjectBase, options)) === "no") {
          await tidy(marker.id, options);
          return true;
        }
      }
      if (found.next === undefined) break;
      after = found.next;
    }
    // A full house with many visitors at the door is not to be searched for each of them.
    const now = performance.now();
    if (looks.size > 100) looks.clear();
    looks.set(kind, now + 10 * (now - began));
    return false;
  }

  async function clear(refused: Refused, change: Change, patience: number, options?: CallOptions): Promise<boolean> {
    if (refused.why === "full" && refused.of === "kind") return clearKind(change.kind ?? "", options);
    const query = refused.why === "taken" ? { alias: refused.alias } : { subject: change.subject ?? "" };
    const holds = (there: SessionRecord): boolean =>
      refused.why === "taken" ? there.aliases.includes(refused.alias) : there.subject === change.subject && there.ended === undefined;
    const base = refused.why === "taken" ? aliasBase(refused.alias) : subjectBase;
    let room = false;
    let found = await from.find(query, { ...options, limit: pageSize });
    for (;;) {
      const holders = found.records.filter(({ id }) => id !== change.id);
      if (refused.why === "taken" && holders.length === 0) {
        // It is free by now, unless a session holds it that began in `to`.
        return !(await to.find({ alias: refused.alias }, options)).records.some(({ id }) => id !== change.id);
      }
      for (const holder of holders) {
        const answer = await ask(holder, holds, base, options);
        if (answer === "yes") continue;
        if (answer === "open" && patience >= patient) await forbid(holder.id, options);
        if (answer === "no" || patience >= patient) await tidy(holder.id, options);
        room = true;
      }
      if (found.next === undefined) break;
      found = await from.find(query, { ...options, limit: pageSize, after: found.next });
    }
    if (room) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(patience, 10)));
    return room;
  }

  return {
    async reserve(raw, { aliases, subject }, change, options) {
      const { id, version } = raw;
      const bases = [...aliases.map(aliasBase), ...(subject === undefined ? [] : [subjectBase])];
      const { subjectLimit } = change;
      const outcome: Outcome = await from.commit(
        {
          id,
          expect: "live",
          claim: aliases,
          ...(subject === undefined ? undefined : { subject, ...(subjectLimit === undefined ? undefined : { subjectLimit }) }),
          set: Object.fromEntries(bases.map((name) => [name, String(version)])),
        },
        options,
      );
      // One that began in `to` has no marker; there is nothing in `from` but what somebody else may hold.
      if (outcome.ok || outcome.why === "missing") return undefined;
      return outcome.why === "taken" || outcome.why === "full" ? outcome : "again";
    },
    tidy,
    clear,
  };
}
