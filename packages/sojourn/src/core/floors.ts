import { clockCache } from "./clock-cache.ts";
import { belongsSince, type Entry } from "./entry.ts";
import type { Calls } from "./calls.ts";
import { floorMarks, type Mark } from "./floor-marks.ts";
import { andThen, isPromise } from "./maybe.ts";
import { ownKind, type Names } from "./names.ts";
import { storeFull, storeUnavailable } from "./errors.ts";
import type { MaybePromise, SessionId, SessionRecord } from "./seam.ts";
import { longest, type Settings } from "./settings.ts";
import { digestOf } from "./token.ts";

/**
 * Floors: "nothing of this subject, or of this tenant, that came before T is live". A mass ending writes one first, so that a log-in
 * racing with it is dead too. Resumes look at a copy that is at most `floorLag` old; a log-in looks at the store. A floor is read again when the mark
 * beside it says that one was raised ({@link FloorMarks}).
 */
export interface Floors {
  /** Raises the floor of a subject, or of the tenant when there is none. */
  raise(subject: string | undefined, at: number, except: readonly SessionId[]): Promise<void>;
  /** Whether a live entry lies below a floor. `now`: epoch ms. `fresh`: asks the store and not the copy. */
  below(entry: Entry, now: number, fresh?: boolean): MaybePromise<boolean>;
  /** The same, as far as this process knows without asking anybody. */
  belowKnown(entry: Entry): boolean;
}

/** The floors that rest in a store, as one process knows them. */
export interface FloorsOfStore extends Floors {
  /** Epoch ms of the highest floor above the entry, as far as this process knows without asking anybody. */
  knownAbove(entry: Entry): number | undefined;
}

export interface Floor {
  /** Epoch ms. */
  readonly at: number;
  /** Ids of sessions that are spared. */
  readonly except: readonly string[];
}

/** What is known of one floor, and since when. */
interface Known {
  floor: Floor;
  /** Epoch ms at which it was read. */
  read: number;
  /** The text of the mark that had been seen before it was read; `""`: it was written here. */
  mark: string | undefined;
}

const noFloor: Floor = { at: 0, except: [] };

/** ms after which a floor is read again though its mark has not changed: a store that lost the last mark, and not the floor, heals so. */
const believed = 60_000;

export function floorsOf(calls: Calls, names: Names, settings: Pick<Settings, "clock" | "floorLag">): FloorsOfStore {
  const known = clockCache<Known>(10_000);
  const ids = clockCache<SessionId>(10_000);
  const marks = floorMarks(calls, names, settings);
  /** Epoch ms at which this process last raised a floor. */
  let raised = 0;

  function idOf(key: string): MaybePromise<SessionId> {
    const id = ids.get(key);
    if (id !== undefined) return id;
    return andThen<SessionId, SessionId>(floorId(names.tenant, key), (made) => {
      ids.set(key, made);
      return made;
    });
  }

  function read(key: string, id: SessionId, now: number, mark?: string): MaybePromise<Floor> {
    return andThen<SessionRecord | undefined, Floor>(calls.load(id), (record) => remember(key, floorIn(record), now, mark));
  }

  function remember(key: string, floor: Floor, now: number, mark: string | undefined): Floor {
    const before = known.get(key);
    if (before === undefined) known.set(key, { floor, read: now, mark });
    else Object.assign(before, { floor, read: now, mark });
    return floor;
  }

  /** Whether the floor of that key is above the entry. */
  function floorAbove(key: string, entry: Entry, now: number, fresh: boolean): MaybePromise<boolean> {
    return andThen<SessionId, boolean>(idOf(key), (id) => {
      if (fresh) return andThen<Floor, boolean>(read(key, id, now), (floor) => isUnder(entry, floor));
      return andThen<Mark | undefined, boolean>(marks.last(id, now), (mark) => {
        if (mark === undefined || belongsSince(entry) >= mark.above) return false;
        const before = known.get(key);
        const since = mark.text === undefined ? settings.floorLag : believed;
        const floor = before !== undefined && before.mark === mark.text && Math.abs(now - before.read) < since ? before.floor : read(key, id, now, mark.text);
        return andThen<Floor, boolean>(floor, (given) => isUnder(entry, given));
      });
    });
  }

  function knownAbove(entry: Entry): number | undefined {
    const { subject } = entry.record;
    let above: number | undefined;
    for (const last of [known.get(tenantKey), subject === undefined ? undefined : known.get(floorKey(subject))]) {
      if (last !== undefined && isUnder(entry, last.floor)) above = Math.max(above ?? 0, last.floor.at);
    }
    return above;
  }

  return {
    async raise(subject, at, except) {
      const key = floorKey(subject);
      const id = await idOf(key);
      // The mark says how high the slot's floors may lie, others' too: one for a moment long ago must not say less than those that were left before it.
      const mark = await marks.announce(id, Math.max(at, settings.clock.now()));
      for (let tries = 0; tries < 20; tries++) {
        const record = await calls.load(id);
        const floor: Floor = { at: Math.max(at, floorIn(record).at), except };
        const set = { $at: String(floor.at), $except: JSON.stringify(except) };
        const wake = floor.at + longest;
        const outcome = await calls.commit(
          record === undefined ? { id, expect: "absent", kind: names.kind(ownKind.floor), set, wake } : { id, expect: record.version, set, wake },
        );
        if (outcome.ok) {
          // Somebody else may have raised it meanwhile: it is read again when it is next looked at.
          raised = settings.clock.now();
          remember(key, floor, raised, "");
          return mark();
        }
        if (outcome.why === "full") throw storeFull("the floor of a mass ending was not written");
      }
      throw storeUnavailable("a floor could not be raised in 20 tries");
    },
    below(entry, now, fresh = false) {
      if (!fresh && entry.cleared > raised && Math.abs(now - entry.cleared) < settings.floorLag) return false;
      const { subject } = entry.record;
      const tenant = floorAbove(tenantKey, entry, now, fresh);
      const own = (): MaybePromise<boolean> => subject !== undefined && floorAbove(floorKey(subject), entry, now, fresh);
      // Of a store that answers later both are asked at once.
      const below = isPromise(tenant) ? Promise.all([tenant, (async () => own())()]).then((both) => both.includes(true)) : tenant || own();
      return andThen<boolean, boolean>(below, (is) => {
        if (!is) entry.cleared = now;
        return is;
      });
    },
    belowKnown: (entry) => knownAbove(entry) !== undefined,
    knownAbove,
  };
}

function isUnder(entry: Entry, floor: Floor): boolean {
  return belongsSince(entry) < floor.at && !floor.except.includes(entry.record.id);
}

/** Under which id a floor rests. No token can name it: ":" is in no id. @param key from {@link floorKey} */
export function floorId(tenant: string, key: string): MaybePromise<SessionId> {
  return andThen<string, SessionId>(digestOf(`${tenant}\n${key}`), (digest) => `floor:${digest}` as SessionId);
}

const tenantKey = "tenant";

/** Whose floor: a subject's (as stored), or the tenant's. */
export function floorKey(subject: string | undefined): string {
  return subject === undefined ? tenantKey : `subject ${subject}`;
}

/** What a record says of it. Nobody is spared by what cannot be read. */
export function floorIn(record: SessionRecord | undefined): Floor {
  if (record === undefined) return noFloor;
  const { fields } = record;
  const at = Number(fields["$at"]) || 0;
  try {
    const except: unknown = JSON.parse(fields["$except"] ?? "[]");
    return { at, except: Array.isArray(except) ? except.map(String) : [] };
  } catch {
    return { at, except: [] };
  }
}
