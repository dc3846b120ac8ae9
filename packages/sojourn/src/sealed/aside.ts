import type { Calls } from "../core/calls.ts";
import { andThen } from "../core/maybe.ts";
import { ownKind, type Names } from "../core/names.ts";
import type { Change, MaybePromise, Outcome, SessionId, SessionRecord } from "../core/seam.ts";

/**
 * What of a session rests in a store while the rest of it travels: the fields that several requests write at once (`shared`), or all of them, when they do
 * not fit into what the client carries. One record a session, beside the sessions of that store: its kind is none that a session can have.
 */
export interface AsideStore {
  /** Fields that rest there whenever there are any. */
  readonly shared: ReadonlySet<string>;
  /** `undefined`: there is none, or the session's time is over. */
  load(id: SessionId): MaybePromise<AsideRecord | undefined>;
  /** Writes fields; `expect`: the version that was seen, `"live"` whatever it is, `"absent"` for the first. @param wake epoch ms at which it can be forgotten. */
  commit(id: SessionId, expect: Change["expect"], wake: number, part: Pick<Change, "set" | "unset">): MaybePromise<Outcome>;
  /** Forgets them: no copy of the token that needs them is good any more. */
  erase(id: SessionId): MaybePromise<void>;
}

export interface AsideRecord {
  readonly version: number;
  readonly fields: Readonly<Record<string, string>>;
}

export function asideStore(calls: Calls, names: Names, shared: readonly string[]): AsideStore {
  const kind = names.kind(ownKind.aside);
  const place = (id: SessionId): SessionId => `aside:${id}` as SessionId;
  return {
    shared: new Set(shared),
    load: (id) => andThen(calls.load(place(id)), (record) => (record?.kind === kind && record.ended === undefined ? asideOf(record) : undefined)),
    commit(id, expect, wake, part) {
      // Under "live" a wake only comes nearer; the sweep erases at the wake, so it is far enough from the beginning.
      return calls.commit(
        expect === "absent"
          ? { id: place(id), expect, kind, wake, ...part }
          : { id: place(id), expect, ...(expect === "live" ? undefined : { wake }), ...part },
      );
    },
    erase: (id) => andThen<Outcome, void>(calls.commit({ id: place(id), expect: "live", erase: true }), () => undefined),
  };
}

export function asideOf({ version, fields }: SessionRecord): AsideRecord {
  return { version, fields };
}
