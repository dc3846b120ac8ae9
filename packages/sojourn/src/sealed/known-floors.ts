import { clockCache } from "../core/clock-cache.ts";
import { floorId, floorIn, floorKey, type Floor } from "../core/floors.ts";
import { andThen, isPromise } from "../core/maybe.ts";
import type { MaybePromise, SessionId, SessionRecord } from "../core/seam.ts";
import { untilMap } from "./until-map.ts";

/** What floors are compared with: a session, whose it is (as stored), and since when (epoch ms). */
export interface Standing {
  readonly id: string;
  readonly subject: string | undefined;
  readonly since: number;
}

/** The floors of core (`core/floors.ts` writes them), all of them in memory. */
export interface KnownFloors {
  /** Takes a floor's record in. An older one than is known takes nothing back. */
  note(record: SessionRecord): void;
  /** Whether it lies below a floor. A promise only where digests are (WebCrypto), and then once for each subject. */
  below(standing: Standing, now: number): MaybePromise<boolean>;
  /** The same, as far as can be said at once. */
  belowNow(standing: Standing, now: number): boolean;
  forget(now: number, most: number): void;
  readonly size: number;
}

/** No floors yet. @param tenant whose */
export function knownFloors(tenant: string): KnownFloors {
  const floors = untilMap<Floor>();
  const ids = clockCache<SessionId>(10_000);

  function idOf(key: string): MaybePromise<SessionId> {
    return (
      ids.get(key) ??
      andThen<SessionId, SessionId>(floorId(tenant, key), (id) => {
        ids.set(key, id);
        return id;
      })
    );
  }

  function under(floor: SessionId, { id, since }: Standing, now: number): boolean {
    const known = floors.get(floor, now);
    return known !== undefined && since < known.at && !known.except.includes(id);
  }

  function below(standing: Standing, now: number): MaybePromise<boolean> {
    if (floors.size === 0) return false;
    return andThen<SessionId, boolean>(idOf(floorKey(undefined)), (tenantFloor) => {
      if (under(tenantFloor, standing, now)) return true;
      if (standing.subject === undefined) return false;
      return andThen<SessionId, boolean>(idOf(floorKey(standing.subject)), (subjectFloor) => under(subjectFloor, standing, now));
    });
  }

  return {
    note(record) {
      // The tenant's marks pass by here too.
      if (record.fields["$at"] === undefined) return;
      const floor = floorIn(record);
      const until = record.wake ?? Infinity;
      const before = floors.get(record.id, -Infinity);
      if (before === undefined || floor.at >= before.at) floors.set(record.id, floor, until);
    },
    below,
    belowNow(standing, now) {
      const answer = below(standing, now);
      return isPromise(answer) ? false : answer;
    },
    forget: (now, most) => floors.forget(now, most),
    get size() {
      return floors.size;
    },
  };
}
