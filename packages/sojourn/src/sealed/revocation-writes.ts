import type { Calls } from "../core/calls.ts";
import type { Clock } from "../core/clock.ts";
import { assumed } from "../core/engine.ts";
import { storeFull, storeUnavailable } from "../core/errors.ts";
import { andThen } from "../core/maybe.ts";
import type { Change, Ending, MaybePromise, SessionId, SessionRecord } from "../core/seam.ts";
import { isId } from "../core/token.ts";
import { highestOf, textOfCuts, withCut } from "./cuts.ts";
import type { KnownRevocations } from "./known-revocations.ts";
import { field, wakeFor, type RevocationRecords } from "./revocation-records.ts";

/** How a sealed session is ended. */
export interface RevokedEnd {
  /** As stored. The end then counts for tokens of this subject only. */
  readonly subject?: string | undefined;
  readonly reason: string;
  /** Who did it. */
  readonly by?: string | undefined;
  /** Epoch ms after which no token of the session can be good. */
  readonly until: number;
}

/** Writes ends and replacements down, each with one compare-and-set; what landed is known here at once. */
export interface RevocationWrites {
  end(id: SessionId, of: RevokedEnd): MaybePromise<boolean>;
  replace(id: SessionId, generation: number, from: number, until: number): MaybePromise<boolean>;
}

/** What is to become of a record, and the answer once it has. */
interface Plan {
  /** Absent: nothing is to be written. */
  readonly change?: Change;
  readonly done: boolean;
}

/** Others may write in between: each time one of them got further than we wanted to, or we do. */
const tries = 20;

/** @param known what landed is noted there, and what is known there spares calls */
export function revocationWrites(calls: Calls, records: RevocationRecords, known: KnownRevocations, clock: Clock): RevocationWrites {
  function write(plan: (before: SessionRecord | undefined) => Plan, before: SessionRecord | undefined, left: number): MaybePromise<boolean> {
    const { change, done } = plan(before);
    if (change === undefined) {
      if (before !== undefined) known.note(before);
      return done;
    }
    return andThen(calls.commit(change), (outcome) => {
      if (outcome.ok) {
        known.note(outcome.record ?? assumed(before, change, outcome.version));
        return done;
      }
      if (outcome.why === "full") throw storeFull("the end of a sealed session was not written");
      if (left === 0) throw storeUnavailable(`the end of a sealed session could not be written in ${tries} tries`);
      return andThen(calls.load(change.id), (record) => write(plan, record, left - 1));
    });
  }

  return {
    end(session, { subject, reason, by, until }) {
      const wake = wakeFor(until);
      if (!isId(session) || known.endedUntil(session) >= until) return false;
      const text = JSON.stringify({ at: clock.now(), reason, ...(by === undefined ? undefined : { by }) } satisfies Ending);
      const set = { [field.ended]: text, ...(subject === undefined ? undefined : { [field.subject]: subject }) };
      const id = subject === undefined ? records.idOf(session) : records.scopedIdOf(session, subject);
      return andThen(id, (given) =>
        write(
          (before) => {
            if (before === undefined) return { change: { id: given, expect: "absent", kind: records.kind.revoked, set, wake }, done: true };
            const latest = Math.max(before.wake ?? wake, wake);
            const change = { id: given, expect: before.version, wake: latest };
            if (before.fields[field.ended] === undefined) return { change: { ...change, set }, done: true };
            // Ended already, but by somebody who knew of shorter-lived tokens only.
            return before.wake === latest ? { done: false } : { change, done: false };
          },
          undefined,
          tries,
        ),
      );
    },
    replace(session, generation, from, until) {
      const now = clock.now();
      if (known.endedUntil(session) >= now || known.generationOf(session, now) >= generation) return false;
      const id = records.idOf(session);
      const wake = wakeFor(until);
      const plan = (before: SessionRecord | undefined): Plan => {
        const said = before === undefined ? undefined : records.read(before);
        const cuts = said?.type === "replaced" ? said.cuts : [];
        if ((said !== undefined && said.type !== "replaced") || highestOf(cuts) >= generation) return { done: false };
        const set = { [field.cuts]: textOfCuts(withCut(cuts, { generation, from }, now)) };
        if (before === undefined) return { change: { id, expect: "absent", kind: records.kind.revoked, set, wake }, done: true };
        return { change: { id, expect: before.version, set, wake: Math.max(before.wake ?? wake, wake) }, done: true };
      };
      // Where there is a record, looking first spares a refusal.
      const before = known.generationOf(session, now) > -Infinity ? calls.load(id) : undefined;
      return andThen(before, (record) => write(plan, record, tries));
    },
  };
}
