import type { Entry, Place, Places, Reservation } from "../places.ts";
import { readFault, writeFault } from "./faults.ts";
import type { Keys, PlaceKey } from "./keys.ts";
import { placedIn, type Placed } from "./place-entry.ts";
import { listScript, removeScript, reserveScript } from "./place-scripts.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";

/** The lists of entries, those of some places in one key. */
export function redisPlaces(client: RedisClient, keys: Keys, run: Runner): Places & PlacesByKey {
  async function remove({ key, name }: PlaceKey, { id, nonce }: Reservation, ordered: boolean, deadline?: number): Promise<void> {
    try {
      await run(removeScript, [key], [name, id, nonce, ordered ? "1" : ""], deadline);
    } catch (error) {
      throw readFault(client, `taking a name of session ${id} away`, error);
    }
  }

  return {
    async reserve(place, { id, nonce }, capacity, deadline) {
      const { key, name } = keys.place(place);
      const args = [name, id, nonce, capacity === Infinity ? "" : String(capacity), isOrdered(place) ? "1" : ""];
      try {
        const [mine, now, others] = (await run(reserveScript, [key], args, deadline)) as [string | null, string, string[]];
        const crowd = entriesOf(others, now).filter((entry) => entry.id !== id);
        return { nonce: mine === null ? undefined : placedIn(mine, 0)?.entry.nonce, crowd };
      } catch (error) {
        // Nothing of the session has been written, whatever became of the reservation.
        throw client.verdict(error) === "lost"
          ? readFault(client, `reserving a name for session ${id}`, error)
          : writeFault(client, `reserving a name for session ${id}`, error);
      }
    },
    remove: (place, entry, deadline) => remove(keys.place(place), entry, isOrdered(place), deadline),
    async list(place, deadline) {
      const { key, name } = keys.place(place);
      try {
        const [now, entries] = (await run(listScript, [key], [name], deadline)) as [string, string[]];
        return entriesOf(entries, now);
      } catch (error) {
        throw readFault(client, "looking a name up", error);
      }
    },
    removeFrom: (at, entry) => remove(at, entry, true),
  };
}

/** Where only the key and the name of a place are known, as they are to whoever walks all of them. */
export interface PlacesByKey {
  removeFrom(at: PlaceKey, entry: Reservation): Promise<void>;
}

/** Whoever stands in a kind's place first gets the last room. */
function isOrdered(place: Place): boolean {
  return place.startsWith("k");
}

/** Entries in the order in which they were put. */
function entriesOf(list: readonly string[], now: string): Entry[] {
  const put = list.flatMap((text): Placed | Placed[] => placedIn(text, Number(now)) ?? []);
  return put.sort((x, y) => x.at - y.at || (x.entry.id < y.entry.id ? -1 : 1)).map(({ entry }) => entry);
}
