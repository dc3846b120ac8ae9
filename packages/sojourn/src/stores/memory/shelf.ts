import type { SessionRecord } from "../../core/seam.ts";
import { blocksFor, makeBlocks, type Blocks } from "./blocks.ts";
import { column, columnPiece } from "./column.ts";
import { front, type Front, type LiveSession } from "./front.ts";
import { kinds, type Kinds } from "./kinds.ts";
import { recordCodec, type RecordCodec } from "./record-codec.ts";
import { sizeOfNumber } from "./sizes.ts";
import { hashText, slotIndex } from "./slot-index.ts";
import { wakeHeap, type WakeHeap } from "./wake-heap.ts";

/**
 * Every session has a number, for as long as it exists. Its record lies encoded in blocks; while it is in use it is at hand as an object in front,
 * and is written back to its blocks when it leaves the front, not before: a write to a live session is a handful of numbers.
 */
export interface Shelf {
  readonly front: Front;
  readonly blocks: Blocks;
  readonly codec: RecordCodec;
  readonly wakes: WakeHeap;
  readonly kinds: Kinds;
  /** Sessions kept. */
  readonly size: number;
  /** The highest number that was ever given. */
  readonly top: number;
  /** The session, brought to the front. */
  take(id: string): LiveSession | undefined;
  /** The record, wherever it is; it stays there. With `only`, no other fields. */
  record(session: number, only?: ReadonlySet<string>): SessionRecord;
  /** Whether there is such a session and it is of this kind. */
  isOfKind(session: number, kind: number): boolean;
  /** Puts a new session in. There must be room: {@link Sizes.blocks}. */
  add(record: SessionRecord, sizes: Sizes): LiveSession;
  /** Gives a live session its next record. There must be room. */
  replace(live: LiveSession, next: SessionRecord, sizes: Sizes): void;
  remove(session: number, record: SessionRecord): void;
  /** Gives back blocks that a live session, other than `but`, was given and will not need; `false` when there are none such. */
  tighten(but: LiveSession | undefined): boolean;
  /** Sends sessions from the front back to their blocks until it is within its bounds. */
  trim(): void;
  /** Nearly the least recently used session, other than `but`; one that has ended comes first; never one {@link isOfManager}. 0 when there is none. */
  coldest(but: LiveSession | undefined): number;
  /** A session that has ended, other than `but`, the longest unvisited one first; 0 when there is none. */
  ended(but: LiveSession | undefined): number;
  hash(text: string): number;
  readonly bytes: number;
  /** Most bytes, blocks apart, that one more session can add. */
  readonly growth: number;
}

/** What a record takes when it is encoded, at most. */
export interface Sizes {
  readonly headBytes: number;
  readonly fieldBytes: number;
  readonly blocks: number;
}

/** @param version the version that is to be encoded with the rest. */
export function sizes(headBytes: number, fieldBytes: number, version: number): Sizes {
  return { headBytes, fieldBytes, blocks: blocksFor(headBytes + sizeOfNumber(version) + fieldBytes) };
}

const inUse = 1;
const inFront = 2;
const hasEnded = 4;
/** Was in front since the hand last came by. */
const recent = 8;
const ofManager = 16;

/** Whether a kind, as stored, is the manager's own (a tenant's `$floor`, for one): to lose such a record is to revive sessions. */
export function isOfManager(kind: string): boolean {
  return /^[^:]*:\$/.test(kind);
}

export interface ShelfOptions {
  /** Live sessions in front. */
  readonly most: number;
  /** Bytes of them. */
  readonly mostBytes: number;
  /** Field names with a number of their own. */
  readonly mostNames: number;
  /** Shapes of values with a number of their own. */
  readonly mostShapes: number;
  /** Of the hashes. Asked for with the first session, before which no hash is kept: while modules load, Workers give no random bytes yet. */
  readonly seed: () => number;
}

export function shelf({ most, mostBytes, mostNames, mostShapes, seed: drawSeed }: ShelfOptions): Shelf {
  const store = makeBlocks();
  const codec = recordCodec(mostNames, mostShapes);
  const ids = slotIndex();
  const wakes = wakeHeap();
  const known = kinds();
  const ahead = front(most, mostBytes);
  const flags = column(Uint8Array);
  const kindOf = column(Uint32Array);
  /** The first block; of a number that is vacant, the next vacant number. */
  const places = column(Uint32Array);
  let vacant = 0;
  let top = 0;
  let size = 0;
  let endings = 0;
  let hand = 0;
  let endedHand = 0;
  /** Live sessions that hold more blocks than they need. */
  let dirty = 0;
  let seed = 0;

  const hash = (text: string): number => hashText(text, seed);
  const flag = (session: number, on: number, off = 0): void => flags.set(session, (flags.get(session) & ~off) | on);

  function readBlocks(session: number): void {
    const place = places.get(session);
    store.read(place, codec.scratch(store.room(place)));
  }

  function decode(session: number, only?: ReadonlySet<string>): SessionRecord {
    return codec.decode(known.nameOf(kindOf.get(session)), wakes.get(session), only);
  }

  function bringForward(live: LiveSession): LiveSession {
    ahead.add(live);
    flag(live.session, inFront);
    return live;
  }

  /** Writes a live session to its blocks, and gives back those that it turns out not to need. */
  function writeBack(live: LiveSession): void {
    const bytes = codec.encode(live.record);
    const blocks = blocksFor(bytes);
    const place = places.get(live.session);
    store.resize(place, live.blocks, blocks);
    store.write(place, codec.scratch(bytes), bytes);
    live.blocks = blocks;
    live.dirty = false;
    dirty--;
  }

  function sendBack(live: LiveSession): void {
    if (live.dirty) writeBack(live);
    ahead.drop(live);
    flag(live.session, recent, inFront);
  }

  function trim(): void {
    while (ahead.over) sendBack(ahead.coldest() as LiveSession);
  }

  return {
    front: ahead,
    blocks: store,
    codec,
    wakes,
    kinds: known,
    hash,
    trim,
    tighten(but) {
      if (dirty === (but?.dirty === true ? 1 : 0)) return false;
      const live = ahead.find((candidate) => candidate.dirty && candidate !== but);
      if (live === undefined) return false;
      writeBack(live);
      return true;
    },
    get size() {
      return size;
    },
    get top() {
      return top;
    },
    take(id) {
      const session = ids.find(hash(id), (candidate) => {
        // Sessions in front were looked up by name already.
        if (flags.get(candidate) & inFront) return false;
        readBlocks(candidate);
        return codec.decodeId() === id;
      });
      if (session === 0) return undefined;
      const record = decode(session);
      const headBytes = codec.sizeOfHead(record);
      const fieldBytes = codec.sizeOfFields(record.fields);
      const blocks = blocksFor(store.room(places.get(session)));
      return bringForward({ id, session, record, headBytes, fieldBytes, blocks, dirty: false, used: true, place: 0 });
    },
    record(session, only) {
      const live = ahead.peek(session);
      if (live !== undefined) return only === undefined ? live.record : { ...live.record, fields: pick(live.record.fields, only) };
      readBlocks(session);
      return decode(session, only);
    },
    isOfKind: (session, kind) => (flags.get(session) & inUse) !== 0 && kindOf.get(session) === kind,
    add(record, { headBytes, fieldBytes, blocks }) {
      if (top === 0) seed = drawSeed();
      const session = vacant === 0 ? ++top : vacant;
      if (session === vacant) vacant = places.get(vacant);
      size++;
      places.set(session, store.take(blocks));
      flags.set(session, inUse | (record.ended === undefined ? 0 : hasEnded) | (isOfManager(record.kind) ? ofManager : 0));
      const kind = known.numberOf(record.kind);
      kindOf.set(session, kind);
      known.count(kind, 1, record.ended === undefined ? 1 : 0);
      if (record.ended !== undefined) endings++;
      if (record.wake !== undefined) wakes.set(session, record.wake);
      ids.insert(hash(record.id), session);
      dirty++;
      return bringForward({ id: record.id, session, record, headBytes, fieldBytes, blocks, dirty: true, used: true, place: 0 });
    },
    replace(live, next, { headBytes, fieldBytes, blocks }) {
      const { session, record } = live;
      if (blocks !== live.blocks) store.resize(places.get(session), live.blocks, blocks);
      if (next.wake !== record.wake) wakes.set(session, next.wake);
      if (next.ended !== undefined && record.ended === undefined) {
        flag(session, hasEnded);
        endings++;
        known.count(kindOf.get(session), 0, -1);
      }
      ahead.resized(headBytes + fieldBytes - live.headBytes - live.fieldBytes);
      live.record = next;
      live.headBytes = headBytes;
      live.fieldBytes = fieldBytes;
      live.blocks = blocks;
      if (!live.dirty) dirty++;
      live.dirty = true;
    },
    remove(session, record) {
      const live = ahead.peek(session);
      if (live !== undefined) ahead.drop(live);
      if (live?.dirty === true) dirty--;
      store.give(places.get(session));
      ids.remove(hash(record.id), session);
      wakes.set(session, undefined);
      known.count(kindOf.get(session), -1, record.ended === undefined ? -1 : 0);
      flags.set(session, 0);
      if (record.ended !== undefined) endings--;
      places.set(session, vacant);
      vacant = session;
      size--;
    },
    coldest(but) {
      if (size > ahead.size) {
        // Two rounds: the first may only take marks away.
        for (let steps = 2 * top; steps > 0; steps--) {
          hand = hand < top ? hand + 1 : 1;
          const marks = flags.get(hand);
          if ((marks & (inUse | inFront | ofManager)) !== inUse) continue;
          if ((marks & recent) === 0 || (marks & hasEnded) !== 0) return hand;
          flag(hand, 0, recent);
        }
      }
      return ahead.coldest((live) => live === but || (flags.get(live.session) & ofManager) !== 0)?.session ?? 0;
    },
    ended(but) {
      if (endings === (but?.record.ended === undefined ? 0 : 1)) return 0;
      do endedHand = endedHand < top ? endedHand + 1 : 1;
      while ((flags.get(endedHand) & hasEnded) === 0 || endedHand === but?.session);
      return endedHand;
    },
    get bytes() {
      return store.bytes + codec.bytes + ids.bytes + wakes.bytes + known.bytes + flags.bytes + kindOf.bytes + places.bytes;
    },
    get growth() {
      return ids.growth + columnPiece * (1 + 4 + 4 + 8 + 4 + 4) + 2400;
    },
  };
}

/** Only these fields of a record. */
function pick(fields: SessionRecord["fields"], only: ReadonlySet<string>): SessionRecord["fields"] {
  const picked = Object.create(null) as Record<string, string>;
  for (const name of only) if (fields[name] !== undefined) picked[name] = fields[name];
  return picked;
}
