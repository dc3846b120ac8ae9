import type { Calls } from "../core/calls.ts";
import type { Engine } from "../core/engine.ts";
import { own, type Entries } from "../core/entry.ts";
import { endingOf } from "../core/events.ts";
import { andThen } from "../core/maybe.ts";
import { lifeOf } from "../core/own-fields.ts";
import type { Change, MaybePromise, Outcome, SessionId, SessionRecord } from "../core/seam.ts";
import { firstSecret } from "../core/secrets.ts";
import type { Settings } from "../core/settings.ts";
import { goodUntil } from "./good-until.ts";
import type { Revocations } from "./revocations.ts";

/**
 * Who has a place under `limit.perSubject`. A limit has to be counted where everybody looks, so each session that has a subject leaves a record without data in
 * the store of the revocations, of the same id, kind, subject and deadlines: what ends there for want of room is revoked, and what is revoked gives its place up.
 */
export interface Places {
  /** Takes a place for the session that a change makes somebody's. Gives a refusal (`full`). */
  take(change: Change, next: SessionRecord): MaybePromise<Outcome | undefined>;
  /** Gives up the place of a session that ends. */
  end(change: Change): MaybePromise<void>;
  /** Notes activity, so that a place is free when its session is over. */
  touch(id: SessionId, seen: number): MaybePromise<void>;
  /** Ends another session: its place, and its tokens. */
  commit(change: Change): MaybePromise<Outcome>;
  readonly find: Calls["find"];
  readonly entries: Entries;
}

export function placesOf({ calls, entries }: Pick<Engine, "calls" | "entries">, revocations: Revocations, settings: Settings): Places {
  return {
    entries,
    find: (query, page) => calls.find(query, page),
    take({ id, set, subjectLimit }, { kind, subject }) {
      const life = lifeOf(set?.[own.life]);
      const fields: Record<string, string> = { [own.secret]: JSON.stringify(firstSecret("sealed", life.created)) };
      for (const name of [own.life, own.seen, own.auth, own.client]) if (set?.[name] !== undefined) fields[name] = set[name];
      const wake = Math.min(life.absolute, settings.clock.now() + life.idle);
      const change: Change = { id, expect: "absent", kind, wake, set: fields, ...(subject === undefined ? undefined : { subject }) };
      const begun = calls.commit(subjectLimit === undefined ? change : { ...change, subjectLimit });
      return andThen<Outcome, Outcome | undefined>(begun, (outcome) => {
        if (outcome.ok) return undefined;
        // It has one already: whoever logs in again goes on.
        if (outcome.why === "exists")
          return andThen<Outcome, Outcome | undefined>(calls.commit({ id, expect: "live", set: fields }), (again) => (again.ok ? undefined : again));
        return outcome;
      });
    },
    end({ id, ended, wake }) {
      if (ended === undefined) return undefined;
      return andThen<Outcome, void>(calls.commit({ id, expect: "live", ended, ...(wake === undefined ? undefined : { wake }) }), () => undefined);
    },
    touch: (id, seen) => andThen<Outcome, void>(calls.commit({ id, expect: "live", set: { [own.seen]: String(seen) } }), () => undefined),
    commit(change) {
      if (change.ended === undefined) return calls.commit(change);
      const { reason, by } = endingOf(change.ended);
      return andThen(calls.load(change.id), (record) => {
        const entry = record === undefined ? undefined : entries.of(record);
        const until = entry === undefined ? settings.clock.now() : goodUntil(settings, entry);
        // First the tokens: a place that is free while its session goes on would be one too many.
        const revoked = revocations.end(change.id, { reason, ...(by === undefined ? undefined : { by }), until });
        return andThen(revoked, () => calls.commit(change));
      });
    },
  };
}
