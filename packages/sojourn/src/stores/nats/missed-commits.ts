import type { KeptSession } from "./session-codec.ts";

/** How far a session's commits have been told. */
export interface Told {
  readonly commits: number;
  /** Of the record; 0 where there is none. */
  readonly version: number;
}

/** A commit as watchers hear of it. */
export interface ToldCommit {
  readonly version: number;
  readonly ended: boolean;
  /** Its number among all commits of the session. */
  readonly commit: number;
}

export const toldNothing: Told = { commits: 0, version: 0 };

/** More than these at once are told as a gap. */
const most = 1_000;

/**
 * The commits that led from what was told to what is kept now. The stream keeps only the last document of each session, so that those in between
 * may never have been seen; but versions grow by one, and an end is final, so that they can be told.
 * @returns `gap`: some cannot be told; the last one always is.
 */
export function commitsSince(
  told: Told,
  { document: { record }, commits, endedAt, erasedAt }: KeptSession,
): { readonly gap: boolean; readonly events: readonly ToldCommit[] } {
  const count = commits - told.commits;
  if (count <= 0) return { gap: false, events: [] };
  const last = record?.version ?? erasedAt ?? 0;
  const events: ToldCommit[] = [];
  const gap = last - told.version + (record === undefined ? 1 : 0) !== count || count > most;
  for (let version = gap ? last : told.version + 1; version <= last; version++) {
    if (gap && record === undefined) break;
    const commit = gap ? commits : told.commits + events.length + 1;
    events.push({ version, ended: endedAt !== undefined && version >= endedAt, commit });
  }
  if (record === undefined) events.push({ version: last, ended: true, commit: commits });
  return { gap, events };
}

export function toldOf({ document: { record }, commits }: KeptSession): Told {
  return { commits, version: record?.version ?? 0 };
}
