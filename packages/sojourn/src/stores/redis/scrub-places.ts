import type { SessionId, SessionRecord } from "../../core/seam.ts";
import type { Entry, Place } from "../places.ts";
import { placedIn } from "./place-entry.ts";
import type { Scrubbed } from "./scrub.ts";
import { forbidScript } from "./scrub-scripts.ts";
import { serverTime } from "./server-time.ts";
import { membersOf } from "./walk.ts";

interface Found {
  readonly missing: number;
  readonly dead: number;
  readonly repaired: number;
}

/** Compares places with the records that hold them, in both directions. */
export interface PlaceScrubber {
  /** From a live record, and the hash in which it lies, to its places. */
  held(record: SessionRecord, hash: readonly string[]): Promise<Found>;
  /** From the entries of some places, which are in one key, to their records. */
  entries(key: string): Promise<Found>;
  /** Aliases with several live holders, as far as was come upon. */
  conflicts(): { readonly alias: string; readonly ids: readonly SessionId[] }[];
}

export function placeScrubber({ client, keys, run, owners, places, reservations, grace }: Scrubbed, repair: boolean): PlaceScrubber {
  const conflicts = new Map<string, Set<SessionId>>();
  /** Aliases without an entry, and who should have it: with two of them it is a conflict. */
  const claims = new Map<string, SessionId>();

  function conflict(alias: string, ...ids: readonly SessionId[]): void {
    const all = conflicts.get(alias) ?? new Set();
    for (const id of ids) all.add(id);
    conflicts.set(alias, all);
  }

  /** The places of a hash, each with its nonce. */
  function heldIn(hash: readonly string[]): [place: Place, nonce: string][] {
    const of = new Map<string, string>();
    for (let i = 0; i < hash.length; i += 2) of.set(hash[i] as string, hash[i + 1] as string);
    const held: [Place, string][] = [];
    const list = JSON.parse(of.get("a") ?? "[]") as string[];
    for (let i = 0; i < list.length; i += 2) held.push([`a${list[i]}`, list[i + 1] as string]);
    const [subject, nonce] = [of.get("u"), of.get("un")];
    if (subject !== undefined && nonce !== undefined) held.push([`u${subject}`, nonce]);
    return held;
  }

  async function hashOf(id: SessionId): Promise<readonly string[]> {
    const key = keys.of(id).session + id;
    return (await client.command(key, ["HGETALL", key])) as string[];
  }

  const versionIn = (hash: readonly string[]): string => hash[hash.findIndex((text, i) => i % 2 === 0 && text === "v") + 1] ?? "";

  /** Others in an alias's place that hold it. */
  async function holders(place: Place, others: readonly Entry[]): Promise<SessionId[]> {
    const answers = await Promise.all(others.map((entry) => owners.resolve(entry, place, false)));
    return others.filter((_, i) => answers[i] === "holds").map(({ id }) => id);
  }

  async function heldOne(id: SessionId, version: number, place: Place, nonce: string): Promise<{ missing: number; repaired: number }> {
    const entries = await places.list(place);
    if (entries.some((entry) => entry.id === id && entry.nonce === nonce)) return { missing: 0, repaired: 0 };
    const others = entries.filter((entry) => entry.id !== id);
    // It may have been given up, and taken away, since the record was read.
    if (versionIn(await hashOf(id)) !== String(version)) return { missing: 0, repaired: 0 };
    if (place.startsWith("a")) {
      const alias = place.slice(1);
      const holding = await holders(place, others);
      const claimed = claims.get(alias);
      if (holding.length > 0 || (claimed !== undefined && claimed !== id)) {
        conflict(alias, ...holding, ...(claimed === undefined ? [] : [claimed]), id);
        return { missing: 0, repaired: 0 };
      }
      claims.set(alias, id);
    }
    if (!repair) return { missing: 1, repaired: 0 };
    await reservations.evict(
      place,
      entries.filter((entry) => entry.nonce !== nonce),
    );
    const put = await places.reserve(place, { id, nonce }, place.startsWith("a") ? 1 : Infinity);
    return { missing: 1, repaired: put.nonce === nonce ? 1 : 0 };
  }

  async function entryOne(key: string, text: string, now: number): Promise<{ dead: number; repaired: number }> {
    const sound = { dead: 0, repaired: 0 };
    const placed = placedIn(text, now);
    // A younger one may be somebody's who is about to commit.
    if (placed === undefined || placed.entry.age < grace) return sound;
    const { name, entry } = placed;
    const hash = await hashOf(entry.id).catch(() => undefined);
    if (hash === undefined) return sound;
    const isHere = (place: Place): boolean => keys.place(place).key === key && keys.place(place).name === name;
    if (heldIn(hash).some(([place, nonce]) => nonce === entry.nonce && isHere(place))) return sound;
    if (!repair) return { dead: 1, repaired: 0 };
    const { session, forbidden } = keys.of(entry.id);
    // While the version stands, no commit has come to hold the place, and with the nonce forbidden none will.
    const args = [entry.nonce, hash.length === 0 ? "" : versionIn(hash)];
    if (Number(await run(forbidScript, [session + entry.id, forbidden], args)) !== 1) return { dead: 1, repaired: 0 };
    await places.removeFrom({ key, name }, entry);
    return { dead: 1, repaired: 1 };
  }

  return {
    async held({ id, version }, hash) {
      let [missing, repaired] = [0, 0];
      for (const [place, nonce] of heldIn(hash)) {
        const found = await heldOne(id, version, place, nonce);
        missing += found.missing;
        repaired += found.repaired;
      }
      return { missing, dead: 0, repaired };
    },
    async entries(key) {
      const found = { missing: 0, dead: 0, repaired: 0 };
      // Of before they are read: what is put meanwhile has no age.
      const now = 1000 * (await serverTime(client, run, key));
      try {
        for await (const texts of membersOf(client, key)) {
          for (const text of texts) {
            const one = await entryOne(key, text, now);
            found.dead += one.dead;
            found.repaired += one.repaired;
          }
        }
      } catch (error) {
        // Something else's key that looks like one of places has no entries.
        if (!/WRONGTYPE/.test(String(error))) throw error;
      }
      return found;
    },
    conflicts: () => [...conflicts].map(([alias, ids]) => ({ alias, ids: [...ids] })),
  };
}
