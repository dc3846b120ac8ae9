import { ownKind, type Names } from "../core/names.ts";
import { andThen } from "../core/maybe.ts";
import type { MaybePromise, SessionId, SessionRecord } from "../core/seam.ts";
import { longest } from "../core/settings.ts";
import { digestOf } from "../core/token.ts";
import { cutsOf, type Cut } from "./cuts.ts";

/**
 * How ends and replacements are written down. One record for each session, named after it, changed by compare-and-set: of two writers one wins, and
 * an end is never taken back. The record itself does not end: a store that is full may make room by forgetting what has ended. An end that counts for one subject only has a record of its own, so that whoever
 * ends a session that is somebody else's writes nothing that anybody else meets.
 */
export interface RevocationRecords {
  /** Kinds as stored. */
  readonly kind: { readonly revoked: string; readonly floor: string; readonly beat: string };
  /** Whether an event of this id is worth a look. Floors of other tenants are. */
  concerns(id: SessionId): boolean;
  /** The record of a session: that it ended, or that tokens of it were replaced. */
  idOf(session: SessionId): SessionId;
  /** The record of its end for one subject. */
  scopedIdOf(session: SessionId, subject: string): MaybePromise<SessionId>;
  /** The record that a node renews so as to hear it. */
  beatIdOf(node: string): SessionId;
  /** What a record says. Never throws: one that cannot be read ends its session, for what else it may have said is not known. */
  read(record: SessionRecord): Revocation | undefined;
}

/** What one record says. */
export type Revocation = {
  readonly session: SessionId;
  /** Epoch ms after which it need not be known any more. */
  readonly until: number;
} & (
  | { readonly type: "ended" }
  /** `subject`: as stored. */
  | { readonly type: "ended-for"; readonly subject: string }
  | { readonly type: "replaced"; readonly cuts: readonly Cut[] }
);

/** The fields of these records. `ended`: JSON {@link Ending}. `subject`: for whom alone it ended. */
export const field = { ended: "$ended", subject: "$subject", cuts: "$cuts" } as const;

/** ms for which a record outlives its use: the sweep that erases it may go by a clock that is ahead. */
const slack = 600_000;

/** The wake of a record that is needed until then (both epoch ms). */
export function wakeFor(until: number): number {
  return until + slack;
}

/** No token can name such a record: ":" is in no id. */
export function revocationRecords(names: Names): RevocationRecords {
  const prefix = `revoked:${names.tenant}:`;
  const kind = { revoked: names.kind(ownKind.revoked), floor: names.kind(ownKind.floor), beat: names.kind(ownKind.beat) };
  return {
    kind,
    concerns: (id) => id.startsWith(prefix) || id.startsWith("floor:"),
    idOf: (session) => (prefix + session) as SessionId,
    scopedIdOf: (session, subject) =>
      andThen<string, SessionId>(digestOf(`${names.tenant}\nrevoked\n${subject}`), (digest) => `${prefix}${session}:${digest}` as SessionId),
    beatIdOf: (node) => `beat:${names.tenant}:${node}` as SessionId,
    read(record) {
      if (record.kind !== kind.revoked || !record.id.startsWith(prefix)) return undefined;
      const colon = record.id.indexOf(":", prefix.length);
      const scoped = colon !== -1;
      const session = record.id.slice(prefix.length, scoped ? colon : undefined);
      const subject = record.fields[field.subject];
      const about = { session: session as SessionId, until: untilOf(record) };
      if (scoped && subject !== undefined) return { ...about, type: "ended-for", subject };
      if (record.fields[field.ended] !== undefined || scoped) return { ...about, type: "ended" };
      try {
        return { ...about, type: "replaced", cuts: cutsOf(record.fields[field.cuts]) };
      } catch {
        return { ...about, type: "ended" };
      }
    },
  };
}

/** A record that has lost its wake is kept for as long as any session may last. */
function untilOf({ wake }: SessionRecord): number {
  return wake === undefined ? Date.now() + longest : wake - slack;
}
