import { signal, type ReadonlySignal } from "@preact/signals";
import type { Answer } from "@sojourn/client";
import type { Search } from "../../app/routes.ts";
import { client } from "../../state/client.ts";
import { asked, toldOf } from "../../state/proof.ts";
import { needsReading } from "./smart.ts";

/** A session as it is seen from outside. */
export type SessionRow = Answer<"showSession">;

/** How a listing or a search stands. */
export interface Standing {
  readonly rows: readonly SessionRow[];
  readonly running: boolean;
  /** How many were read, of a search. */
  readonly looked: number;
  readonly problem?: string;
  /** Why a search stopped before its end. */
  readonly stopped?: "by hand" | "enough";
  /** Whether there are more to be listed. */
  readonly more: boolean;
}

/** A listing or a search, and its reins. */
export interface Results {
  readonly standing: ReadonlySignal<Standing>;
  /** Reads them all: it takes a while, and can be stopped. */
  readonly searches: boolean;
  more(): Promise<void>;
  stop(): void;
  /** Some are known to have ended. */
  ended(ids: ReadonlySet<string>, by: string | undefined): void;
}

/** More than this nobody reads. */
export const enough = 1000;
const pageSize = 50;

/** Begins at once. `search` has a subject or a kind. */
export function resultsOf(search: Search): Results {
  const standing = signal<Standing>({ rows: [], running: false, looked: 0, more: true });
  const leaving = new AbortController();
  const searches = needsReading(search);
  let next: string | undefined;

  async function page(): Promise<void> {
    if (standing.value.running || !standing.value.more) return;
    standing.value = { ...quiet(standing.value), running: true };
    const { subject, kind } = search;
    try {
      const found = await asked(() => client.listSessions({ subject, kind, limit: pageSize, after: next }, { signal: leaving.signal }));
      next = found.next;
      standing.value = { ...standing.value, rows: [...standing.value.rows, ...found.sessions], running: false, more: next !== undefined };
    } catch (error) {
      failed(error);
    }
  }

  async function read(): Promise<void> {
    standing.value = { rows: [], running: true, looked: 0, more: false };
    const rows: SessionRow[] = [];
    let looked = 0;
    let shown = 0;
    const show = (more: Partial<Standing> = {}): void => {
      shown = Date.now();
      standing.value = { ...standing.value, rows: [...rows], looked, ...more };
    };
    try {
      for await (const message of client.searchSessions(queryOf(search), { signal: leaving.signal })) {
        if ("session" in message) rows.push(message.session);
        if ("looked" in message) looked = message.looked;
        if ("done" in message) return show({ running: false });
        if (rows.length >= enough) {
          show({ running: false, stopped: "enough" });
          return leaving.abort();
        }
        // Thousands a second may come; a page is drawn ten times.
        if (Date.now() - shown > 100) show();
      }
      show({ running: false, problem: "The search broke off before its end. What it had found is shown." });
    } catch (error) {
      show();
      failed(error);
    }
  }

  function failed(error: unknown): void {
    if (leaving.signal.aborted) return;
    const problem = toldOf(error);
    standing.value = { ...standing.value, running: false, ...(problem !== undefined && { problem }) };
  }

  void (searches ? read() : page());
  return {
    standing,
    searches,
    more: page,
    stop() {
      if (standing.value.running) standing.value = { ...standing.value, running: false, ...(searches && { stopped: "by hand" }) };
      leaving.abort();
    },
    ended(ids, by) {
      const ended = { at: Date.now(), reason: "revoked", ...(by !== undefined && { by }) };
      const rows = standing.value.rows.map((row) => (ids.has(row.id) && row.ended === undefined ? { ...row, ended } : row));
      standing.value = { ...standing.value, rows };
    },
  };
}

function quiet({ problem: _, ...rest }: Standing): Standing {
  return rest;
}

/** As the operation asks for it. */
function queryOf({ after, before, ...rest }: Search): Parameters<typeof client.searchSessions>[0] {
  return {
    ...rest,
    ...(after !== undefined && { createdAfter: after }),
    ...(before !== undefined && { createdBefore: before }),
  };
}
