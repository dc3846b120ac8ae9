import type { Entry, Place, Places, Reservation } from "../places.ts";
import { rememberedFor } from "../session-document.ts";
import type { Bucket } from "./bucket.ts";
import type { InTurn } from "./in-turn.ts";
import { placeKey } from "./keys.ts";
import type { Learn } from "./learn.ts";
import { overtaken } from "./overtaken.ts";
import { encodePlace, type KeptEntry } from "./place-codec.ts";
import type { PlaceCopy, Replica } from "./replica.ts";

/** Lists of entries in documents of their own, changed as the sessions are: on this member's copy first. */
export function natsPlaces(bucket: Bucket, replica: Replica, turn: InTurn, learn: Learn): Places {
  async function read(key: string, deadline: number | undefined): Promise<PlaceCopy | undefined> {
    await learn(key, () => replica.place(key)?.revision ?? 0, deadline);
    return replica.place(key);
  }

  /** `judge` says what the list is to be; `undefined`: as it is. */
  function change<T>(
    place: Place,
    deadline: number | undefined,
    judge: (entries: readonly KeptEntry[]) => { readonly answer: T; readonly next: readonly KeptEntry[] | undefined },
  ): Promise<T> {
    const key = placeKey(place);
    return turn(key, async () => {
      let copy = replica.place(key);
      let proven = false;
      for (let tries = 0; ;) {
        const { answer, next } = judge(copy?.entries ?? []);
        if (next === undefined) {
          if (proven) return answer;
        } else {
          const keepFor = next.length === 0 ? 1.2 * rememberedFor : undefined;
          const revision = await bucket.write(key, encodePlace(place, next), copy?.revision ?? 0, deadline, keepFor);
          if (revision !== undefined) {
            replica.wrotePlace(key, revision, { place, entries: next });
            return answer;
          }
          await overtaken(tries++, "a name");
        }
        copy = await read(key, deadline);
        proven = true;
      }
    });
  }

  return {
    reserve: (place, mine, capacity, deadline) =>
      change<{ readonly nonce: string | undefined; readonly crowd: readonly Entry[] }>(place, deadline, (entries) => {
        const others = entries.filter(({ id }) => id !== mine.id);
        const crowd = others.length >= capacity ? told(others) : [];
        const own = entries.find(({ id }) => id === mine.id);
        if (own !== undefined) return { answer: { nonce: own.nonce, crowd }, next: undefined };
        if (others.length >= capacity) return { answer: { nonce: undefined, crowd }, next: undefined };
        return { answer: { nonce: mine.nonce, crowd }, next: [...entries, { ...mine, at: Date.now() }] };
      }),
    remove: (place, entry, deadline) =>
      change<void>(place, deadline, (entries) => {
        const left = entries.filter((one) => !isSame(one, entry));
        return { answer: undefined, next: left.length === entries.length ? undefined : left };
      }),
    async list(place, deadline) {
      const key = placeKey(place);
      // A copy has at least what this member has put there; a replica that is being filled has none.
      return told((replica.place(key) ?? (await read(key, deadline)))?.entries ?? []);
    },
  };
}

function isSame(one: Reservation, other: Reservation): boolean {
  return one.id === other.id && one.nonce === other.nonce;
}

function told(entries: readonly KeptEntry[]): Entry[] {
  const now = Date.now();
  return entries.map(({ id, nonce, at }) => ({ id, nonce, age: now - at }));
}

/** The entries that this member knows of. */
export function listHere(replica: Replica, place: Place): readonly Entry[] {
  return told(replica.place(placeKey(place))?.entries ?? []);
}
