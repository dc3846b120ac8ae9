import { satisfies, type Cursor, type SessionId, type SessionRecord, type Store } from "../core/seam.ts";
import { onlyFields } from "./only-fields.ts";
import { placesHeld, type Entry, type Owners, type Place, type Places } from "./places.ts";
import { reservations, type Reservations } from "./reservations.ts";
import { commitDocument, resolveDocument, type SessionDocument } from "./session-document.ts";

/** What an engine that changes one document, or one list of entries, at a time keeps. */
export interface Documents {
  readonly sessions: Map<SessionId, SessionDocument>;
  readonly places: Map<Place, { readonly id: SessionId; readonly nonce: string; readonly at: number }[]>;
  /** ms, of the engine. */
  now: number;
  /** Told after each change of a session. */
  changed: (id: SessionId) => void;
}

/** Lets a step of a process happen, when its time has come; a process that died never has its step. */
export type Step = <T>(act: () => T) => Promise<T>;

export const grace = 100;

export function documents(): Documents {
  return { sessions: new Map(), places: new Map(), now: 1e12, changed: () => undefined };
}

/** One process on the documents. */
export function processOn(
  all: Documents,
  step: Step,
  faults: { readonly trusting?: boolean; readonly forgetful?: boolean } = {},
): Store & { idle(): Promise<void> } {
  let nonces = 0;
  const name = Math.random().toString(36).slice(2);
  const owners: Owners = {
    load: (id) => step(() => all.sessions.get(id)?.record),
    commit: (change, held) =>
      step(() => {
        const before = all.sessions.get(change.id);
        const document = faults.trusting && before ? { ...before, forbidden: new Map<string, number>() } : before;
        const { landing, next } = commitDocument(document, change, held, all.now);
        if (next !== undefined) {
          all.sessions.set(change.id, next);
          all.changed(change.id);
        }
        return landing;
      }),
    resolve: (entry, place, forbid) =>
      step(() => {
        const { answer, next } = resolveDocument(all.sessions.get(entry.id), entry, place, forbid, all.now);
        if (next !== undefined && !faults.forgetful) all.sessions.set(entry.id, next);
        return answer;
      }),
    live: (kind) => step(() => [...all.sessions.values()].filter(({ record }) => record?.kind === kind && record.ended === undefined).length),
  };
  const told = (entries: Documents["places"] extends Map<Place, infer E> ? E : never): Entry[] =>
    entries.map(({ id, nonce, at }) => ({ id, nonce, age: all.now - at }));
  const places: Places = {
    reserve: (place, mine, capacity) =>
      step(() => {
        const entries = all.places.get(place) ?? [];
        const others = entries.filter(({ id }) => id !== mine.id);
        const own = entries.find(({ id }) => id === mine.id);
        const crowd = others.length >= capacity ? told(others) : [];
        if (own !== undefined) return { nonce: own.nonce, crowd };
        if (crowd.length > 0 || capacity === 0) return { nonce: undefined, crowd };
        all.places.set(place, [...entries, { ...mine, at: all.now }]);
        return { nonce: mine.nonce, crowd };
      }),
    remove: (place, entry) =>
      step(() => {
        const left = (all.places.get(place) ?? []).filter(({ id, nonce }) => id !== entry.id || nonce !== entry.nonce);
        if (left.length === 0) all.places.delete(place);
        else all.places.set(place, left);
      }),
    list: (place) => step(() => told(all.places.get(place) ?? [])),
  };
  const reserving: Reservations = reservations({
    owners,
    places,
    nonce: () => `${name}${(nonces += 1)}`,
    grace,
    sleep: () => step(() => undefined),
  });
  return {
    load: (id) => owners.load(id),
    commit: reserving.commit,
    async find(query, page = {}) {
      if ("alias" in query || "subject" in query) return reserving.find(query, page);
      const { after, limit = 100, only } = page;
      return step(() => {
        const records = [...all.sessions.values()].flatMap(({ record }) => (record !== undefined && satisfies(record, query) ? [record] : []));
        const byId = (x: SessionRecord, y: SessionRecord): number => (x.id < y.id ? -1 : 1);
        const sorted = "kind" in query ? records.toSorted(byId) : records.toSorted((x, y) => (x.wake ?? 0) - (y.wake ?? 0));
        const rest = sorted.filter(({ id }) => after === undefined || (id as string) > (after as string));
        const some = rest.slice(0, limit);
        const more = "kind" in query && rest.length > limit;
        return { records: some.map((record) => onlyFields(record, only)), ...(more && { next: some.at(-1)?.id as unknown as Cursor }) };
      });
    },
    close: () => undefined,
    idle: () => reserving.idle(),
  };
}

/** What is wrong: a place with two holders, or one that a record holds and that has no entry of it. */
export function faultsOf(all: Documents, limitOf: (place: Place) => number): string[] {
  const holders = new Map<Place, SessionId[]>();
  const faults: string[] = [];
  for (const [id, { record, holds }] of all.sessions) {
    for (const place of placesHeld(record)) {
      holders.set(place, [...(holders.get(place) ?? []), id]);
      const entry = all.places.get(place)?.find((one) => one.id === id);
      if (entry?.nonce !== holds.get(place)) faults.push(`${id} holds ${place} and has no entry there`);
    }
  }
  for (const [place, ids] of holders) if (ids.length > limitOf(place)) faults.push(`${place} is held by ${ids.join(", ")}`);
  return faults;
}
