import type { Cursor, SessionId, StoreEvent } from "../../core/seam.ts";
import type { PostgresClient, PostgresRow, PostgresStatement } from "./postgres-client.ts";
import { unescaped } from "./texts.ts";

type Tell = (event: StoreEvent | "gap") => void;

/** Tells of commits, by numbers that a short transaction of its own gives them after they have landed (see feed-sql.ts). */
export interface Feed {
  /** After a commit of this process: numbers what is there. Nobody waits for it; while one such statement is under way, one more is all that is due. */
  landed(): void;
  watch(tell: Tell, after?: Cursor): Promise<() => void>;
  /** Tells nothing more, and gives the listening connection back. */
  close(): Promise<void>;
}

export interface FeedSettings {
  readonly client: PostgresClient;
  readonly schema: string;
  /** Events kept, at least. */
  readonly keep: number;
}

interface Watcher {
  readonly tell: Tell;
  /** The number of what was told last. */
  at: number;
  over: boolean;
  /** Resolves when what was there has been told; what came meanwhile needs another look. */
  reading: Promise<void> | undefined;
  again: boolean;
}

/** ms. What a process leaves unnumbered that dies right after a commit, and what a lost notification did not tell, waits so long at most. */
const pollEvery = 1000;
/** ms between attempts to listen, at first and at most. */
const [soonest, latest] = [100, 5000];
const pageSize = 1000;

export function feed({ client, schema, keep }: FeedSettings): Feed {
  const number: PostgresStatement = { name: `sojourn:${schema}:number`, text: `select ${schema}.number_events($1::text::int8, $2) as last` };
  const read: PostgresStatement = {
    name: `sojourn:${schema}:events`,
    text: `select f.name, f.cut::text, f.last::text, e.seq::text, e.id, e.version::text, e.ended::text from ${schema}.feed f
      left join lateral (select * from ${schema}.event e where e.seq > greatest($1::int8, f.cut) order by e.seq limit ${pageSize}) e on true order by e.seq`,
  };
  const watchers = new Set<Watcher>();
  let closed = false;
  let numbering: Promise<void> | undefined;
  let due = false;
  let poll: NodeJS.Timeout | undefined;
  let listening: { stop: () => Promise<void> } | "begins" | undefined;
  let wait = soonest;

  function landed(): void {
    if (numbering !== undefined) {
      due = true;
      return;
    }
    numbering = (async () => {
      do {
        due = false;
        // What fails here is done by the next one, or by whoever watches.
        await client.query(number, [String(keep), "1000"]).catch(() => undefined);
      } while (due && !closed);
      numbering = undefined;
    })();
  }

  function ring(): void {
    for (const watcher of watchers) look(watcher);
  }

  function look(watcher: Watcher): void {
    watcher.again = true;
    watcher.reading ??= (async () => {
      while (watcher.again && !watcher.over) {
        watcher.again = false;
        try {
          while (await tellPage(watcher));
        } catch {
          // The next look begins where this one stopped.
        }
      }
      watcher.reading = undefined;
    })();
  }

  /** @returns whether there may be more */
  async function tellPage(watcher: Watcher): Promise<boolean> {
    const rows = await client.query(read, [String(watcher.at)]);
    const first = rows[0];
    if (first === undefined || watcher.over) return false;
    if (Number(first["cut"]) > watcher.at || Number(first["last"]) < watcher.at) {
      watcher.at = Number(first["last"]) < watcher.at ? 0 : Number(first["cut"]);
      watcher.tell("gap");
    }
    for (const row of rows) {
      if (row["seq"] === null || watcher.over) break;
      watcher.at = Number(row["seq"]);
      watcher.tell(eventOf(row));
    }
    return rows.length === pageSize;
  }

  /** A position in the feed; `undefined` when the cursor is not of this one. */
  function positionOf(cursor: Cursor, { name, cut, last }: PostgresRow): number | undefined {
    const [of, seq = ""] = cursor.split(".");
    const at = Number(seq);
    return of === name && /^\d{1,16}$/.test(seq) && at >= Number(cut) && at <= Number(last) ? at : undefined;
  }

  function listen(): void {
    if (listening !== undefined || closed || watchers.size === 0) return;
    listening = "begins";
    const again = (): void => {
      listening = undefined;
      setTimeout(listen, wait).unref();
      wait = Math.min(2 * wait, latest);
    };
    client
      .listen(
        `sojourn_${schema}`,
        () => {
          wait = soonest;
          ring();
        },
        again,
      )
      .then((stop) => {
        listening = { stop };
        if (closed || watchers.size === 0) return quiet();
      })
      .catch(again);
  }

  async function quiet(): Promise<void> {
    if (listening === undefined || listening === "begins") return;
    const { stop } = listening;
    listening = undefined;
    // The connection is given back broken or whole.
    await stop().catch(() => undefined);
  }

  return {
    landed,
    async watch(tell, after) {
      const [state] = await client.query(read, [String(Number.MAX_SAFE_INTEGER)]);
      const known = after === undefined || state === undefined ? undefined : positionOf(after, state);
      const watcher: Watcher = { tell, at: known ?? Number(state?.["last"]), over: false, reading: undefined, again: false };
      if (after !== undefined && known === undefined) tell("gap");
      watchers.add(watcher);
      listen();
      poll ??= setInterval(() => {
        landed();
        ring();
      }, pollEvery).unref();
      look(watcher);
      return () => {
        watcher.over = true;
        watchers.delete(watcher);
        if (watchers.size > 0) return;
        clearInterval(poll);
        poll = undefined;
        void quiet();
      };
    },
    async close() {
      closed = true;
      for (const watcher of watchers) watcher.over = true;
      watchers.clear();
      clearInterval(poll);
      await quiet();
      await numbering;
    },
  };
}

function eventOf({ name, seq, id, version, ended }: PostgresRow): StoreEvent {
  return { cursor: `${name}.${seq}` as Cursor, id: unescaped(id ?? "") as SessionId, version: Number(version), ended: ended === "true" };
}
