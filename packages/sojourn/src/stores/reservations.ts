import { apply } from "../core/apply.ts";
import { storeUnavailable } from "../core/errors.ts";
import {
  satisfies,
  type CallOptions,
  type Change,
  type Cursor,
  type Found,
  type Outcome,
  type Page,
  type Query,
  type SessionId,
  type SessionRecord,
} from "../core/seam.ts";
import { onlyFields } from "./only-fields.ts";
import { placesHeld, placesOf, type Entry, type Freed, type Held, type Owners, type Place, type Places } from "./places.ts";

export interface ReservationSettings {
  readonly owners: Owners;
  readonly places: Places;
  /** A new nonce: of at least 48 random bits. */
  readonly nonce: () => string;
  /** ms for which an entry without a record that holds it is left alone: whoever put it may be about to commit. Only how long a dead process is in the way depends on it. */
  readonly grace: number;
  /** Waits so many ms. */
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Aliases and limits for engines that cannot change a record and an index in one step.
 *
 * The record is the truth; the entries of the places are a superset of it: put before the commit, taken away after it, re-checked by whoever reads them.
 * Whoever wants a place that others fill asks each of them in its own record ({@link Owners.resolve}): one that does not hold it, and is older than the
 * grace, is forbidden there to ever do so, and then taken away. So no clock decides what is safe: a process that slept past the grace between its
 * reservation and its commit is refused as lost, and tries again. Every removal asks first, because another commit of the same session may have come to
 * hold the place by the same entry meanwhile.
 */
export interface Reservations {
  commit(change: Change, options?: CallOptions): Promise<Outcome>;
  /** By alias or subject; the others are the engine's. */
  find(query: Extract<Query, { alias: string } | { subject: string }>, page?: Page): Promise<Found>;
  /** Takes away those of the entries that no record holds. @returns how many */
  evict(place: Place, entries: readonly Entry[], deadline?: number): Promise<number>;
  /** Resolves when nothing is being tidied up in the background. */
  idle(): Promise<void>;
}

/** ms after which a commit that keeps being overtaken gives up, long after any deadline. */
const mostPatience = 10_000;
/** ms between reserving and committing. What was forbidden is remembered ten times as long. */
const mostOnItsWay = 30_000;
/** Records asked about one place at a time. */
const atOnce = 64;

export function reservations({ owners, places, nonce, grace, sleep }: ReservationSettings): Reservations {
  const tidying = new Set<Promise<unknown>>();

  /** What nobody waits for. What fails is healed by whoever meets it. */
  function later(work: Promise<unknown>): void {
    const done: Promise<unknown> = work.catch(() => undefined).finally(() => tidying.delete(done));
    tidying.add(done);
  }

  async function remove(id: SessionId, freed: readonly Freed[], deadline?: number): Promise<void> {
    await Promise.all(freed.map(({ place, nonce: by }) => places.remove(place, { id, nonce: by }, deadline)));
  }

  /** Takes back what was put for a commit that was never sent. Another commit of the session may have come to hold it. */
  async function takeBack(id: SessionId, put: readonly Held[], deadline?: number): Promise<void> {
    const asked = put.map(async ({ place, nonce: by }) => {
      const entry = { id, nonce: by };
      if ((await owners.resolve(entry, place, true, deadline)) === "never") await places.remove(place, entry, deadline);
    });
    await Promise.all(asked);
  }

  async function evict(place: Place, entries: readonly Entry[], deadline?: number): Promise<number> {
    let gone = 0;
    for (let from = 0; from < entries.length; from += atOnce) {
      const answers = entries.slice(from, from + atOnce).map(async (entry) => {
        const answer = await owners.resolve(entry, place, entry.age >= grace, deadline);
        if (answer !== "never") return;
        await places.remove(place, entry, deadline);
        gone++;
      });
      await Promise.all(answers);
    }
    return gone;
  }

  async function commit(change: Change, options?: CallOptions): Promise<Outcome> {
    const wanted = placesOf(change);
    const { deadline } = options ?? {};
    if (wanted.length === 0) {
      const landing = await owners.commit(change, [], deadline);
      if (!("freed" in landing)) throw new Error(`a commit without places was ${landing.why}`);
      const { freed, ...outcome } = landing;
      if (freed.length > 0) later(remove(change.id, freed));
      return outcome;
    }
    const began = performance.now();
    do {
      const outcome = await attempt(change, wanted, deadline);
      if (outcome !== undefined) return outcome;
    } while (performance.now() - began < mostPatience);
    throw storeUnavailable(`session ${change.id} was overtaken for ${mostPatience} ms by others that want the same names; nothing was written`);
  }

  /** @returns `undefined` when it is to be tried again. */
  async function attempt(change: Change, wanted: readonly Place[], deadline: number | undefined): Promise<Outcome | undefined> {
    const { id } = change;
    const began = performance.now();
    // A nonce for each place: what is forbidden in one is not forbidden in another.
    const reserved = await Promise.all(
      wanted.map(async (place) => {
        const mine = { id, nonce: nonce() };
        return { place, mine: mine.nonce, ...(await places.reserve(place, mine, capacityOf(place, change), deadline)) };
      }),
    );
    // Into a place of none nobody is let, not even by an entry of before.
    const held: Held[] = reserved.flatMap(({ place, nonce: by, crowd }) =>
      by === undefined ? [] : [{ place, nonce: by, judged: crowd.length === 0 && capacityOf(place, change) > 0 }],
    );
    const put = held.filter(({ place, nonce: by }) => reserved.some((one) => one.place === place && one.mine === by));
    const full = reserved.find(({ nonce: by }) => by === undefined);
    if (full !== undefined) {
      const room = await evict(full.place, full.crowd, deadline);
      const outcome = room > 0 ? undefined : await refusal(change, full.place, deadline);
      await takeBack(id, put, deadline);
      return outcome;
    }
    const limited = held.find(({ place }) => place.startsWith("k"));
    if (limited !== undefined && !(await isAdmitted(change, limited, began + grace, deadline))) {
      await takeBack(id, put, deadline);
      const applied = apply(await owners.load(id, deadline), change);
      return applied.ok ? fullOf("kind") : applied;
    }
    // What was forbidden is remembered for longer than this, and not for ever.
    const late = performance.now() - began > mostOnItsWay;
    if (late || (deadline !== undefined && deadline <= Date.now())) {
      later(takeBack(id, put));
      if (late) return undefined;
      throw storeUnavailable("the deadline passed before the change was sent; nothing was written");
    }
    const landing = await owners.commit(change, held, deadline);
    if ("freed" in landing) {
      const { freed, ...outcome } = landing;
      const gone = landing.ok && limited !== undefined ? [...freed, limited] : freed;
      if (gone.length > 0) later(remove(id, gone));
      return outcome;
    }
    if (landing.why === "lost") {
      const lost = held.filter(({ nonce: by }) => landing.nonces.includes(by));
      await remove(id, lost, deadline);
      await takeBack(
        id,
        put.filter((one) => !lost.includes(one)),
        deadline,
      );
      return undefined;
    }
    const { place, crowd } = reserved.find((one) => one.place === landing.place) as (typeof reserved)[number];
    const room = await evict(place, crowd, deadline);
    await takeBack(id, put, deadline);
    return room > 0 ? undefined : wordFor(place);
  }

  /** The answer to a change that did not get into a place. `undefined`: its record holds the place and only the entry was missing; it is there again. */
  async function refusal(change: Change, place: Place, deadline: number | undefined): Promise<Outcome | undefined> {
    const record = await owners.load(change.id, deadline);
    const applied = apply(record, change);
    if (!applied.ok) return applied;
    if (!place.startsWith("u") || !placesHeld(record).includes(place)) return wordFor(place);
    await places.reserve(place, { id: change.id, nonce: nonce() }, Infinity, deadline);
    return undefined;
  }

  /**
   * Whether a creation fits into its kind's limit. Everybody who is being created stands in the kind's place until the creation has landed or was refused;
   * of those who want the last room, the one who stood there first gets it.
   * @param until ms by `performance.now`. Whoever waits longer than the grace would be taken for dead by those behind
   */
  async function isAdmitted({ id, kindLimit = Infinity, kind = "" }: Change, { place }: Held, until: number, deadline: number | undefined): Promise<boolean> {
    for (let pause = 5; ; pause = Math.min(2 * pause, 50)) {
      const entries = await places.list(place, deadline);
      const mine = entries.findIndex((entry) => entry.id === id);
      // Taken away by another of the same id, or for being older than the grace: the commit will say so.
      if (mine < 0) return true;
      const ahead = entries.slice(0, mine);
      // In this order: who is ahead no longer has been counted.
      const live = await owners.live(kind, deadline);
      if (live + ahead.length < kindLimit) return true;
      if (live >= kindLimit || performance.now() > until) return false;
      if ((await evict(place, ahead, deadline)) === 0) await sleep(pause);
    }
  }

  return {
    commit,
    evict,
    async find(query, page = {}) {
      const place: Place = "alias" in query ? `a${query.alias}` : `u${query.subject}`;
      const entries = [...(await places.list(place, page.deadline))].toSorted((x, y) => (x.id < y.id ? -1 : x.id > y.id ? 1 : 0));
      const from = page.after === undefined ? 0 : entries.findIndex(({ id }) => id > (page.after as string));
      const some = from < 0 ? [] : entries.slice(from, from + (page.limit ?? 100));
      const records = await Promise.all(some.map(({ id }) => owners.load(id, page.deadline)));
      const found: SessionRecord[] = [];
      const dead: Entry[] = [];
      for (const [i, entry] of some.entries()) {
        const record = records[i];
        if (record !== undefined && satisfies(record, query)) found.push(onlyFields(record, page.only));
        else if (entry.age >= grace) dead.push(entry);
      }
      if (dead.length > 0) later(evict(place, dead));
      const last = some.at(-1);
      const more = last !== undefined && from + some.length < entries.length;
      return { records: found, ...(more && { next: last.id as string as Cursor }) };
    },
    async idle() {
      while (tidying.size > 0) await Promise.all(tidying);
    },
  };
}

function capacityOf(place: Place, change: Change): number {
  if (place.startsWith("a")) return 1;
  return place.startsWith("u") ? (change.subjectLimit ?? Infinity) : Infinity;
}

function wordFor(place: Place): Outcome {
  return place.startsWith("a") ? { ok: false, why: "taken", alias: place.slice(1) } : fullOf("subject");
}

function fullOf(of: "subject" | "kind"): Outcome {
  return { ok: false, why: "full", of };
}
