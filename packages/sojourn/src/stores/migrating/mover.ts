import { storeUnavailable } from "../../core/errors.ts";
import type { CallOptions, Change, Refused, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import {
  arrivalFor,
  arrivalOf,
  arrivingField,
  cameField,
  fieldsOf,
  isMarker,
  markerEpoch,
  movedField,
  movedWake,
  names,
  shown,
  shownArriving,
  type Arrival,
} from "./layout.ts";

/** Where a session is at home, as it was found. */
export type Home =
  /** `raw`: as it rests there. `unsettled`: it has moved, and `to` has no room for what is left to be done. */
  | { readonly at: "to"; readonly record: SessionRecord; readonly raw: SessionRecord; readonly unsettled: boolean }
  /** `copy`: one that arrives in `to`, and is nothing yet. */
  | { readonly at: "from"; readonly record: SessionRecord; readonly copy: SessionRecord | undefined }
  /** `marker`: what an erased session left in `from`. */
  | { readonly at: "nowhere"; readonly record: undefined; readonly marker: SessionRecord | undefined; readonly copy: SessionRecord | undefined };

/** Carries sessions over, each in three steps of which the second decides. Any number of processes may carry the same one. */
export interface Mover {
  /** Where the session is now. What somebody began and did not end is ended. */
  find(id: SessionId, options?: CallOptions): Promise<Home>;
  /**
   * Carries one over that was found in `from`. `"overtaken"`: somebody was faster, in moving or in writing; look again. `"full"`: `to` has no room.
   * @param birth the change that has just created it: then `to` may refuse it, too.
   */
  carry(home: Home & { at: "from" }, options?: CallOptions, birth?: Change): Promise<"moved" | "overtaken" | "full" | Refused>;
}

const tries = 100;

export function mover(from: Store, to: Store): Mover {
  async function find(id: SessionId, options?: CallOptions): Promise<Home> {
    const given: CallOptions = { ...options, fresh: true };
    for (let n = 0; n < tries; n++) {
      // In this order: a session goes one way only.
      const copy = await to.load(id, given);
      if (copy !== undefined && arrivalOf(copy) === undefined) return { at: "to", record: shown(copy), raw: copy, unsettled: false };
      const here = await from.load(id, given);
      if (here === undefined) return { at: "nowhere", record: undefined, marker: undefined, copy };
      if (!isMarker(here)) return { at: "from", record: here, copy };
      // What was read of `to` may be from before it moved.
      const there = await to.load(id, given);
      const arrival = arrivalOf(there);
      if (there !== undefined && arrival === undefined) return { at: "to", record: shown(there), raw: there, unsettled: false };
      if (there === undefined || arrival === undefined || !names(here, arrival)) {
        return { at: "nowhere", record: undefined, marker: here, copy: there };
      }
      const settled = await settle(there, arrival, options);
      // It is not born yet, and will not be.
      if (typeof settled !== "string") return { at: "nowhere", record: undefined, marker: here, copy: there };
      if (settled === "full") return { at: "to", record: shownArriving(there, arrival), raw: there, unsettled: true };
    }
    throw storeUnavailable(`session ${id} was overtaken ${tries} times while it was looked for; nothing was written`);
  }

  /** The last step: the copy becomes the record. Nobody can be in its way, for the marker holds its names. */
  async function settle(copy: SessionRecord, arrival: Arrival, options?: CallOptions): Promise<"settled" | "overtaken" | "full" | Refused> {
    const { newborn } = arrival;
    let aliases = arrival.aliases;
    for (;;) {
      const change: Change = {
        id: copy.id,
        expect: copy.version,
        ...(arrival.subject === undefined ? undefined : { subject: arrival.subject }),
        ...(newborn?.subjectLimit === undefined ? undefined : { subjectLimit: newborn.subjectLimit }),
        wake: arrival.wake ?? null,
        epoch: arrival.epoch,
        ...(arrival.ended === undefined ? undefined : { ended: arrival.ended }),
        claim: aliases,
        set: { ...arrival.fields, [cameField]: String(arrival.version - copy.version - 1) },
        unset: [arrivingField],
      };
      const outcome = await to.commit(change, options);
      if (outcome.ok) return "settled";
      if (outcome.why !== "taken" && outcome.why !== "full") return "overtaken";
      if (newborn !== undefined) return outcome;
      if (outcome.why === "full") return "full";
      // Of a session that began in `to`, past us. A session without one of its names is better than one that cannot be read.
      aliases = aliases.filter((alias) => alias !== outcome.alias);
    }
  }

  /** The first step. A copy of the same is as good as one of ours. */
  async function copied(
    { record, copy }: Home & { at: "from" },
    options: CallOptions | undefined,
    birth: Change | undefined,
  ): Promise<SessionRecord | "overtaken" | "full" | Refused> {
    const before = arrivalOf(copy);
    if (copy !== undefined && before !== undefined && isSame(shownArriving(copy, before), record)) return copy;
    const arrival = arrivalFor(record, crypto.randomUUID(), birth);
    const set = { [arrivingField]: JSON.stringify(arrival) };
    const { id, kind, wake } = record;
    if (copy !== undefined && copy.kind !== kind) {
      await to.commit({ id, expect: copy.version, erase: true }, options);
      return "overtaken";
    }
    const change: Change =
      copy === undefined
        ? {
            id,
            expect: "absent",
            kind,
            set,
            ...(wake === undefined ? undefined : { wake }),
            // What begins with its end takes no place.
            ...(record.ended !== undefined || birth?.kindLimit === undefined ? undefined : { kindLimit: birth.kindLimit }),
          }
        : { id, expect: copy.version, set, wake: wake ?? null };
    const outcome = await to.commit(change, options);
    if (!outcome.ok) {
      if (outcome.why !== "full") return "overtaken";
      return outcome.of === "kind" ? outcome : "full";
    }
    return { id, kind, version: outcome.version, epoch: 0, aliases: [], fields: set, ...(wake === undefined ? undefined : { wake }) };
  }

  return {
    find,
    async carry(home, options, birth) {
      const { id, version, epoch, ended, fields } = home.record;
      const copy = await copied(home, options, birth);
      if (typeof copy === "string" || "ok" in copy) return copy;
      const arrival = arrivalOf(copy) as Arrival;
      // This step decides. Of an ended record only the wake can be changed.
      const flip: Change =
        ended === undefined
          ? { id, expect: version, fence: epoch, epoch: epoch + markerEpoch, wake: null, set: { [movedField]: arrival.nonce }, unset: Object.keys(fields) }
          : { id, expect: version, fence: epoch, wake: movedWake };
      const flipped = await from.commit(flip, options);
      if (!flipped.ok) {
        if (flipped.why === "missing") await to.commit({ id, expect: copy.version, erase: true }, options);
        return "overtaken";
      }
      const settled = await settle(copy, arrival, options);
      return typeof settled === "string" ? "moved" : settled;
    },
  };
}

/** Whether two records say the same. The order of aliases means nothing, nor does what an earlier move left beside the fields. */
export function isSame(a: SessionRecord, b: SessionRecord): boolean {
  const [ours, theirs] = [fieldsOf(a), fieldsOf(b)];
  const head = ({ version, kind, subject, wake, epoch, ended, aliases }: SessionRecord): string =>
    JSON.stringify([version, kind, subject, wake, epoch, ended, aliases.toSorted()]);
  const named = Object.keys(ours);
  return (
    head(a) === head(b) && named.length === Object.keys(theirs).length && named.every((name) => Object.hasOwn(theirs, name) && ours[name] === theirs[name])
  );
}
