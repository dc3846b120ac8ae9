import type { Cursor, StoreEvent } from "../../core/seam.ts";
import { readHead } from "./head.ts";
import type { Layout } from "./layout.ts";
import { decodeEntries, type LogEntry } from "./log-entries.ts";
import type { View } from "./view.ts";

type Tell = (event: StoreEvent | "gap") => void;

/** Reads the log to whoever watches it: every 10 ms for the sake of other processes, and at once after a commit of this one. */
export interface Feed {
  watch(tell: Tell, after: Cursor | undefined): () => void;
  /** Tells what is new. */
  pump(): void;
  close(): void;
}

interface Watcher {
  readonly tell: Tell;
  /** Number of the last entry told. */
  at: number;
}

const pollEvery = 10;
/** Batches read in one go: a long replay lets others have their turn. */
const atOnce = 256;

export function feed(layout: Layout, view: View): Feed {
  const watchers = new Set<Watcher>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function pump(): void {
    if (watchers.size === 0) return;
    view.prove(true);
    for (const watcher of watchers) if (watcher.at !== view.known) advance(watcher);
  }

  function advance(watcher: Watcher): void {
    const { log } = layout;
    const { pruned, last } = readHead(log);
    if (watcher.at < pruned || watcher.at > last) {
      watcher.at = watcher.at > last ? last : pruned;
      tell(watcher, "gap");
    }
    const batches = [...log.getRange({ start: watcher.at + 1, end: last + 1, limit: atOnce })];
    for (const { key, value } of batches) {
      const entries = decodeEntries(value as Uint8Array).filter((entry) => entry.was !== "folded");
      let number = (key as number) - entries.length;
      for (const entry of entries) {
        number++;
        // A cursor may stand in the middle of a batch; a listener may have been taken off by the one before.
        if (number <= watcher.at || !watchers.has(watcher)) continue;
        watcher.at = number;
        tell(watcher, eventOf(entry, number));
      }
    }
    if (batches.length === atOnce) setImmediate(pumpSafely);
  }

  /** A broken store is told of by the next load or commit; a timer has nobody to tell. */
  function pumpSafely(): void {
    try {
      pump();
    } catch {
      // Retried at the next tick.
    }
  }

  return {
    watch(listener, after) {
      view.prove(true);
      const watcher: Watcher = { tell: listener, at: after === undefined ? view.known : cursorNumber(after) };
      watchers.add(watcher);
      timer ??= setInterval(pumpSafely, pollEvery).unref();
      if (after !== undefined) setImmediate(pumpSafely);
      return () => {
        watchers.delete(watcher);
        if (watchers.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    pump: pumpSafely,
    close() {
      watchers.clear();
      clearInterval(timer);
      timer = undefined;
    },
  };
}

/** What a listener throws is its own affair: it must neither stop the feed nor reach a stranger's commit. */
function tell(watcher: Watcher, event: StoreEvent | "gap"): void {
  try {
    watcher.tell(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function eventOf(entry: LogEntry, number: number): StoreEvent {
  const version = entry.was === "folded" ? 0 : entry.version;
  const ended = entry.was === "erased" || (entry.was === "written" && entry.ended);
  return { cursor: String(number) as Cursor, id: entry.id, version, ended };
}

/** A cursor of another store is before everything: a gap. */
function cursorNumber(cursor: Cursor): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : -1;
}
