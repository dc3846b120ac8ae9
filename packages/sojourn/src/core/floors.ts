import { clockCache } from "./clock-cache.ts";
import { belongsSince, type Entry } from "./entry.ts";
import type { Calls } from "./calls.ts";
import { andThen } from "./maybe.ts";
import { floorKind, type Names } from "./names.ts";
import { storeUnavailable } from "./errors.ts";
import type { MaybePromise, SessionId, SessionRecord } from "./seam.ts";
import { longest, type Settings } from "./settings.ts";
import { digestOf } from "./token.ts";

/**
 * Floors: "nothing of this subject, or of this tenant, that came before T is live". A mass ending writes one first, so that a log-in
 * racing with it is dead too. Resumes look at a copy that is at most `floorLag` old; a log-in looks at the store.
 */
export interface Floors {
  /** Raises the floor of a subject, or of the tenant when there is none. */
  raise(subject: string | undefined, at: number, except: readonly SessionId[]): Promise<void>;
  /** Whether a live entry lies below a floor. `fresh`: asks the store and not the copy. */
  below(entry: Entry, fresh?: boolean): MaybePromise<boolean>;
}

interface Floor {
  readonly at: number;
  readonly except: readonly string[];
  /** When this was read; real time, ms. */
  readonly read: number;
}

const noFloor: Omit<Floor, "read"> = { at: 0, except: [] };

export function floorsOf(calls: Calls, names: Names, settings: Settings): Floors {
  const known = clockCache<Floor>(10_000);
  const ids = clockCache<SessionId>(10_000);
  /** Real time, ms, at which this process last raised a floor. */
  let raised = -1;

  function idOf(subject: string | undefined): MaybePromise<SessionId> {
    const key = subject ?? "";
    const id = ids.get(key);
    if (id !== undefined) return id;
    // No token can name it: ":" is in no id.
    return andThen(digestOf(`${names.tenant}\n${subject === undefined ? "tenant" : `subject ${subject}`}`), (digest) => {
      const made = `floor:${digest}` as SessionId;
      ids.set(key, made);
      return made;
    });
  }

  function read(subject: string | undefined): MaybePromise<Floor> {
    return andThen(idOf(subject), (id) => andThen(calls.load(id), (record) => remember(subject, record)));
  }

  function remember(subject: string | undefined, record: SessionRecord | undefined): Floor {
    const floor = { ...(record === undefined ? noFloor : floorIn(record)), read: performance.now() };
    known.set(subject ?? "", floor);
    return floor;
  }

  function floorOf(subject: string | undefined, fresh: boolean): MaybePromise<Floor> {
    const floor = known.get(subject ?? "");
    return !fresh && floor !== undefined && performance.now() - floor.read < settings.floorLag ? floor : read(subject);
  }

  return {
    async raise(subject, at, except) {
      const id = await idOf(subject);
      for (let tries = 0; tries < 20; tries++) {
        const record = await calls.load(id);
        const set = { $at: String(Math.max(at, record === undefined ? 0 : floorIn(record).at)), $except: JSON.stringify(except) };
        const wake = at + longest;
        const outcome = await calls.commit(
          record === undefined ? { id, expect: "absent", kind: names.kind(floorKind), set, wake } : { id, expect: record.version, set, wake },
        );
        if (outcome.ok) {
          await read(subject);
          raised = performance.now();
          return;
        }
      }
      throw storeUnavailable("a floor could not be raised in 20 tries");
    },
    below(entry, fresh = false) {
      const now = performance.now();
      if (!fresh && entry.cleared > raised && now - entry.cleared < settings.floorLag) return false;
      const since = belongsSince(entry);
      const { id, subject } = entry.record;
      const under = (floor: Floor): boolean => since < floor.at && !floor.except.includes(id);
      const cleared = (below: boolean): boolean => {
        if (!below) entry.cleared = now;
        return below;
      };
      return andThen(floorOf(undefined, fresh), (tenant) => {
        if (under(tenant)) return true;
        return subject === undefined ? cleared(false) : andThen(floorOf(subject, fresh), (floor) => cleared(under(floor)));
      });
    },
  };
}

function floorIn({ fields }: SessionRecord): Omit<Floor, "read"> {
  try {
    return { at: Number(fields["$at"]), except: JSON.parse(fields["$except"] ?? "[]") as string[] };
  } catch {
    return { at: Number(fields["$at"]) || 0, except: [] };
  }
}
