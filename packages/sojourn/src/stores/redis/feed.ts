import type { Cursor, SessionId, StoreEvent } from "../../core/seam.ts";
import { readFault } from "./faults.ts";
import { beginning, positions, positionsIn, type Positions } from "./positions.ts";
import type { RedisClient } from "./redis-client.ts";

type Tell = (event: StoreEvent | "gap") => void;

/**
 * Reads the streams to whoever watches. A message on a stream's channel says only that there is something new: what it is, is read from the stream, from
 * the last entry told on, and if that entry is gone, so may be others. A lost message or a lost connection costs time and no event.
 */
export interface Feed {
  watch(tell: Tell, after: Cursor | undefined): Promise<() => void>;
  close(): Promise<void>;
}

interface Watcher {
  readonly tell: Tell;
  readonly read: Positions;
  /** Streams being read, and whether something came meanwhile. */
  readonly reading: Map<number, boolean>;
}

/** ms after which every stream is read without having been asked: while a slot moves between nodes a message may go to nobody. */
const lookEvery = 2_000;
/** Entries read at once. */
const atOnce = 500;

type Entry = readonly [id: string, fields: readonly string[]];

export function feed(client: RedisClient, streams: readonly string[]): Feed {
  const watchers = new Set<Watcher>();
  const numbers = new Map(streams.map((stream, i) => [stream, i]));
  let listening: Promise<() => void> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  function readAll(): void {
    for (const watcher of watchers) for (let i = 0; i < streams.length; i++) pull(watcher, i);
  }

  function heard(channel: string): void {
    const stream = numbers.get(channel);
    if (stream !== undefined) for (const watcher of watchers) pull(watcher, stream);
  }

  /** One reader of a stream at a time, so that events are told in order and once. */
  function pull(watcher: Watcher, stream: number): void {
    if (watcher.reading.has(stream)) return void watcher.reading.set(stream, true);
    watcher.reading.set(stream, false);
    void advance(watcher, stream)
      // A broken store is told of by the next load or commit; what was not read is read by the next look.
      .catch(() => false)
      .then((more) => {
        const again = watcher.reading.get(stream) === true || more;
        watcher.reading.delete(stream);
        if (again && watchers.has(watcher)) pull(watcher, stream);
      });
  }

  /** @returns whether there is more */
  async function advance(watcher: Watcher, stream: number): Promise<boolean> {
    const key = streams[stream] as string;
    const last = watcher.read.at(stream);
    // From the last one on, itself included: where it is gone, others after it may be gone too.
    const found = (await client.command(key, ["XRANGE", key, last === beginning ? "-" : last, "+", "COUNT", String(atOnce + 1)])) as readonly Entry[];
    const known = last === beginning ? found.length === 0 || (await isWhole(key)) : found[0]?.[0] === last;
    if (!watchers.has(watcher)) return false;
    if (!known) {
      watcher.read.advance(stream, beginning);
      inform(watcher, "gap");
    }
    for (const [id, [, text = ""]] of last !== beginning && known ? found.slice(1) : found) {
      if (!watchers.has(watcher)) return false;
      const cursor = watcher.read.advance(stream, id);
      const [head, version] = text.split(" ", 2) as [string, string];
      inform(watcher, {
        get cursor() {
          return cursor();
        },
        id: text.slice(head.length + version.length + 2) as SessionId,
        version: Number(version),
        ended: head === "1",
      });
    }
    return found.length > atOnce;
  }

  /** Whether nothing has been taken out of the stream since its beginning. */
  async function isWhole(key: string): Promise<boolean> {
    const info = (await client.command(key, ["XINFO", "STREAM", key])) as readonly unknown[];
    const of = (name: string): number => Number(info[info.indexOf(name) + 1]);
    return of("entries-added") === of("length");
  }

  /** The last entry of each stream. */
  async function ends(): Promise<string[]> {
    const last = streams.map(async (key) => (await client.command(key, ["XREVRANGE", key, "+", "-", "COUNT", "1"])) as readonly Entry[]);
    return (await Promise.all(last)).map((entries) => entries[0]?.[0] ?? beginning);
  }

  async function leave(): Promise<void> {
    clearInterval(timer);
    const mine = listening;
    listening = undefined;
    // A subscription that failed has told its watcher.
    (await mine?.catch(() => undefined))?.();
  }

  return {
    async watch(tell, after) {
      let from: readonly string[];
      try {
        listening ??= client.subscribe(streams, heard, readAll);
        const mine = listening;
        mine.catch(() => {
          if (listening === mine) listening = undefined;
        });
        await mine;
        const known = after === undefined ? undefined : positionsIn(after, streams.length);
        from = known ?? (await ends());
        if (after !== undefined && known === undefined) inform({ tell }, "gap");
      } catch (error) {
        throw readFault(client, "watching", error);
      }
      const watcher: Watcher = { tell, read: positions(from), reading: new Map() };
      if (watchers.size === 0) timer = setInterval(readAll, lookEvery).unref();
      watchers.add(watcher);
      // What came between the message and the watcher.
      for (let i = 0; i < streams.length; i++) pull(watcher, i);
      return () => {
        if (watchers.delete(watcher) && watchers.size === 0) void leave();
      };
    },
    close() {
      watchers.clear();
      return leave();
    },
  };
}

/** What a listener throws is its own affair: it must not stop the feed. */
function inform({ tell }: Pick<Watcher, "tell">, event: StoreEvent | "gap"): void {
  try {
    tell(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
