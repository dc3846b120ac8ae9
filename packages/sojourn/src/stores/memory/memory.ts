import { getRandomValues } from "node:crypto";
import { apply } from "../../core/apply.ts";
import { SojournError, storeUnavailable } from "../../core/errors.ts";
import {
  satisfies,
  type Change,
  type CountableStore,
  type Cursor,
  type Found,
  type Outcome,
  type Page,
  type Query,
  type SessionId,
  type SessionRecord,
  type Store,
  type WatchableStore,
} from "../../core/seam.ts";
import { feed } from "./feed.ts";
import type { LiveSession } from "./front.ts";
import { sizeOfValue } from "./sizes.ts";
import { room } from "./room.ts";
import { isOfManager, shelf, sizes, type Sizes } from "./shelf.ts";
import { slotIndex } from "./slot-index.ts";
import { subjects } from "./subjects.ts";

export interface MemoryStoreOptions {
  /** Most bytes that the store may hold; see the README for what is counted. At least 1 MiB. Default 64 MiB. */
  readonly budget?: number;
  /** When the budget is spent: refuse what needs more (`full`, of the store), or erase the least recently used sessions and tell watchers that they ended. Default `"refuse"`. */
  readonly whenFull?: "refuse" | "end-least-recently-used";
  /** Most sessions kept as objects in front of the encoded ones; they may take a quarter of the budget. Default 10,000. */
  readonly live?: number;
  /** Commits remembered for watchers that come back with a cursor. Default 4,096, or one per 4 KiB of a smaller budget than 16 MiB. */
  readonly feed?: number;
}

/** What a memory store holds. */
export interface MemoryUsage {
  /** Bytes held, never more than the budget. */
  readonly bytes: number;
  readonly budget: number;
  /** Records, ended ones too. */
  readonly records: number;
  /** How many of them are kept as objects. */
  readonly live: number;
}

/** A store that answers at once: none of its verbs gives a promise. */
export interface MemoryStore extends Store, WatchableStore, CountableStore {
  load(id: SessionId): SessionRecord | undefined;
  commit(change: Change): Outcome;
  find(query: Query, page?: Page): Found;
  watch(...args: Parameters<WatchableStore["watch"]>): () => void;
  count(query: { readonly kind: string }): number;
  close(): void;
  usage(): MemoryUsage;
}

/** Numbers looked at for one page of a kind, so that a rare kind among millions of sessions does not hold up the event loop. */
const mostLookedAt = 100_000;

/**
 * A store in a reserved portion of this process's memory. Every answer is synchronous. What it holds is gone with the process.
 * @throws {SojournError} `invalid_option`
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const budget = whole("budget", options.budget ?? 64 * 1024 * 1024, 1024 * 1024);
  const most = whole("live", options.live ?? 10_000, 1);
  const kept = whole("feed", options.feed ?? Math.min(4096, Math.floor(budget / 4096)), 1);
  const whenFull = options.whenFull ?? "refuse";
  if (whenFull !== "refuse" && whenFull !== "end-least-recently-used") {
    throw new SojournError("invalid_option", `whenFull is ${JSON.stringify(whenFull)}. Give "refuse" or "end-least-recently-used".`);
  }
  const forFront = Math.min(Math.floor(budget / 4), most * 4096);
  const log = feed(kept);
  const sessions = shelf({
    most,
    mostBytes: forFront,
    mostNames: Math.min(1000, Math.floor(budget / 4096)),
    mostShapes: Math.min(256, Math.floor(budget / 65_536)),
    seed: () => getRandomValues(new Uint32Array(1))[0] as number,
  });
  const { front, codec, kinds, wakes, hash } = sessions;
  const aliases = slotIndex();
  const owners = subjects();
  const space = room({
    budget: budget - forFront,
    shelf: sessions,
    aliases,
    subjects: owners,
    otherBytes: log.bytes,
    eraseColdest: (but) => whenFull !== "refuse" && eraseNumber(sessions.coldest(but)),
    eraseEnded: (but) => eraseNumber(sessions.ended(but)),
  });
  let closed = false;

  /** The session, brought to the front. */
  function take(id: string): LiveSession | undefined {
    if (closed) throw storeUnavailable("the memory store was closed");
    return sessions.take(id);
  }

  const holds =
    (alias: string) =>
    (session: number): boolean =>
      satisfies(sessions.record(session), { alias });
  const belongsTo =
    (subject: string) =>
    (session: number): boolean =>
      satisfies(sessions.record(session), { subject });

  function index(session: number, from: SessionRecord | undefined, to: SessionRecord | undefined): void {
    for (const alias of from?.aliases ?? []) if (!to?.aliases.includes(alias)) aliases.remove(hash(alias), session);
    for (const alias of to?.aliases ?? []) if (!from?.aliases.includes(alias)) aliases.insert(hash(alias), session);
    const [left, joined] = [ownerOf(from), ownerOf(to)];
    if (left === joined) return;
    if (left !== undefined) owners.remove(hash(left), session);
    if (joined !== undefined) owners.add(hash(joined), session, (other) => other !== session && belongsTo(joined)(other));
  }

  function erase(session: number, record: SessionRecord): void {
    index(session, record, undefined);
    sessions.remove(session, record);
    log.note(record.id, record.version, true);
  }

  function eraseNumber(session: number): boolean {
    if (session !== 0) erase(session, sessions.record(session));
    return session !== 0;
  }

  /** What stands against the next record, the room for it apart. */
  function refusal(record: SessionRecord | undefined, next: SessionRecord, change: Change, session: number): Outcome | undefined {
    for (const alias of next.aliases) {
      if (record?.aliases.includes(alias)) continue;
      if (aliases.find(hash(alias), (other) => other !== session && holds(alias)(other)) !== 0) return { ok: false, why: "taken", alias };
    }
    const owner = ownerOf(next);
    if (change.subjectLimit !== undefined && owner !== undefined && owner !== ownerOf(record)) {
      if (owners.members(hash(owner), belongsTo(owner), change.subjectLimit).length >= change.subjectLimit) return { ok: false, why: "full", of: "subject" };
    }
    if (change.kindLimit !== undefined && record === undefined && next.ended === undefined && kinds.live(next.kind) >= change.kindLimit)
      return { ok: false, why: "full", of: "kind" };
    return undefined;
  }

  function commit(change: Change): Outcome {
    const live = front.get(change.id) ?? take(change.id);
    const applied = apply(live?.record, change);
    if (!applied.ok) return applied;
    const { next, version } = applied;
    if (next === undefined) {
      if (live !== undefined) erase(live.session, live.record);
      return { ok: true, version };
    }
    return live === undefined ? create(next, change) : replace(live, next, change);
  }

  function replace(live: LiveSession, next: SessionRecord, change: Change): Outcome {
    const { record } = live;
    const { version } = next;
    const stays = next.aliases === record.aliases && next.subject === record.subject && next.ended === record.ended;
    const against = stays ? undefined : refusal(record, next, change, live.session);
    if (against !== undefined) return against;
    const needs = sizes(
      stays && next.epoch === record.epoch ? live.headBytes : codec.sizeOfHead(next),
      change.unset === undefined ? live.fieldBytes + fieldGrowth(record.fields, change.set) : codec.sizeOfFields(next.fields),
      version,
    );
    if (needs.blocks > live.blocks || !stays || next.wake !== record.wake) {
      const need = {
        blocks: needs.blocks - live.blocks,
        bytes: needs.headBytes + needs.fieldBytes,
        aliases: change.claim?.length ?? 0,
        ending: change.ended !== undefined || isOfManager(next.kind),
      };
      if (!space.make(need, live)) return full;
    }
    sessions.replace(live, next, needs);
    if (!stays) index(live.session, record, next);
    log.note(change.id, version, next.ended !== undefined);
    return { ok: true, version, record: next };
  }

  function create(next: SessionRecord, change: Change): Outcome {
    const against = refusal(undefined, next, change, 0);
    if (against !== undefined) return against;
    const needs: Sizes = sizes(codec.sizeOfHead(next), codec.sizeOfFields(next.fields), next.version);
    if (!space.make({ blocks: needs.blocks, bytes: needs.headBytes + needs.fieldBytes, aliases: next.aliases.length, ending: isOfManager(next.kind) }))
      return full;
    const live = sessions.add(next, needs);
    index(live.session, undefined, next);
    log.note(next.id, next.version, next.ended !== undefined);
    return { ok: true, version: next.version, record: next };
  }

  function fieldGrowth(fields: SessionRecord["fields"], set: Change["set"]): number {
    if (set === undefined) return 0;
    let growth = 0;
    for (const name of Object.keys(set)) {
      const [before, after] = [fields[name], set[name] as string];
      growth += before === undefined ? codec.sizeOfField(name, after) : sizeOfValue(after) - sizeOfValue(before);
    }
    return growth;
  }

  function found(query: Query, after: number, limit: number): { numbers: number[]; next?: number } {
    if ("wakeBefore" in query) return { numbers: wakes.due(query.wakeBefore, limit) };
    if ("alias" in query) {
      const session = aliases.find(hash(query.alias), holds(query.alias));
      return { numbers: session > after ? [session] : [] };
    }
    if ("subject" in query) {
      const numbers = owners.members(hash(query.subject), belongsTo(query.subject)).filter((session) => session > after);
      const page = [...Uint32Array.from(numbers).sort().subarray(0, limit)];
      return { numbers: page, ...(numbers.length > limit && { next: page.at(-1) as number }) };
    }
    const numbers: number[] = [];
    const kind = kinds.find(query.kind);
    if (kind === undefined) return { numbers };
    const last = Math.min(sessions.top, after + mostLookedAt);
    let session = after;
    while (session < last && numbers.length < limit) if (sessions.isOfKind(++session, kind)) numbers.push(session);
    return { numbers, ...(session < sessions.top && { next: session }) };
  }

  return {
    load(id) {
      const live = front.get(id) ?? take(id);
      if (front.over) sessions.trim();
      return live?.record;
    },
    commit(change) {
      const outcome = commit(change);
      if (front.over) sessions.trim();
      log.tell();
      return outcome;
    },
    find(query: Query, { after, limit = 100, only }: Page = {}): Found {
      if (closed) throw storeUnavailable("the memory store was closed");
      const { numbers, next } = found(query, after === undefined ? 0 : Number(after), limit);
      const wanted = only && new Set(only);
      return { records: numbers.map((session) => sessions.record(session, wanted)), ...(next !== undefined && { next: String(next) as Cursor }) };
    },
    close() {
      closed = true;
      log.close();
      for (let live = front.coldest(); live !== undefined; live = front.coldest()) front.drop(live);
    },
    watch: (tell, after) => log.watch(tell, after),
    count: ({ kind }) => kinds.live(kind),
    usage: () => ({ bytes: space.used() + front.bytes, budget, records: sessions.size, live: front.size }),
  } satisfies MemoryStore;
}

const full: Outcome = { ok: false, why: "full", of: "store" };

/** Whose place the record takes. */
function ownerOf(record: SessionRecord | undefined): string | undefined {
  return record?.ended === undefined ? record?.subject : undefined;
}

function whole(setting: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new SojournError("invalid_option", `${setting} is ${JSON.stringify(value)}. Give a whole number, ${least} or more.`);
}
