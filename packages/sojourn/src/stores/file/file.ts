import { resolve } from "node:path";
import { recordUnreadable, SojournError, storeUnavailable } from "../../core/errors.ts";
import type {
  CallOptions,
  Change,
  ClockedStore,
  CountableStore,
  Found,
  Outcome,
  Page,
  Query,
  ScrubbableStore,
  SessionId,
  SessionRecord,
  Store,
} from "../../core/seam.ts";
import { diskAt } from "./disk.ts";
import { explained } from "./file-errors.ts";
import { fileParts } from "./file-parts.ts";
import { isOver, late } from "./file-places.ts";
import { UnreadableFile } from "./frame.ts";
import { isKeepable, nameOf } from "./paths.ts";
import { clockOffset, openRoot, proveMounted } from "./root.ts";
import { scrub } from "./scrub.ts";
import { findDue } from "./wakes.ts";

/** Settings of {@link fileStore}. */
export interface FileStoreOptions {
  /**
   * When a commit is acknowledged.
   * - `"flushed"` (default): when the disk, or the file server, has it: files and folders are flushed.
   * - `"written"`: when every process sees it; `kill -9` loses nothing, a power cut may lose the last moments or damage what was written in them.
   */
  readonly durability?: "written" | "flushed";
  /** ms for which a process that died in the middle of a change is in the way of others that want the same alias or place. Default 2,000. What is safe does not depend on it. */
  readonly grace?: number;
}

/** A session store in a folder, shared by any number of processes on any number of machines. */
export interface FileStore extends Store, CountableStore, ScrubbableStore, ClockedStore {
  load(id: SessionId, options?: CallOptions): Promise<SessionRecord | undefined>;
  commit(change: Change, options?: CallOptions): Promise<Outcome>;
  find(query: Query, page?: Page): Promise<Found>;
  /** Exact. Lists all sessions of the kind. */
  count(query: { readonly kind: string }): Promise<number>;
  /** The clock by which the file system dates new files. */
  now(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Keeps each session in a file of its own, on a local disk or a network file system.
 *
 * Opens nothing and writes nothing before the first call. Needs of the file system that `link` and `rename` refuse a name that is taken, whoever made it, and that a name made or removed by
 * one machine is seen at once by the others; its page says how to mount NFS and GlusterFS so that it is. `close` waits for what is on its way.
 *
 * @param folder a folder for the store alone. It is made if it is not there.
 * @throws {SojournError} `invalid_option` when a setting is wrong
 */
export function fileStore(folder: string, { durability = "flushed", grace = 2_000 }: FileStoreOptions = {}): FileStore {
  if (typeof folder !== "string" || folder === "" || folder.includes("\0"))
    throw new SojournError("invalid_option", "folder is no path. Give the path of a folder for the store alone.");
  if (!["written", "flushed"].includes(durability)) {
    throw new SojournError("invalid_option", `durability is ${JSON.stringify(durability)}. Give "written" or "flushed".`);
  }
  if (!Number.isFinite(grace) || grace < 0) throw new SojournError("invalid_option", `grace is ${JSON.stringify(grace)}. Give milliseconds, 0 or more.`);
  const path = resolve(folder);
  const disk = diskAt(path);
  let offset = 0;
  const parts = fileParts({ disk, flush: durability === "flushed", grace, now: () => Date.now() + offset });
  const { documents, reservations, kinds, healing } = parts;
  let opening: Promise<void> | undefined;
  let closed = false;

  /** Opened by the first call; one that fails is tried again by the next. */
  function opened(): Promise<void> {
    if (closed) return Promise.reject(storeUnavailable("it was closed"));
    opening ??= openRoot(path, disk)
      .then(async () => {
        offset = await clockOffset(disk);
        parts.later(() => healing.clear(600_000));
      })
      .catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
    return opening;
  }

  async function attempt<T>(act: () => Promise<T>, id?: SessionId): Promise<T> {
    try {
      await opened();
      return await act();
    } catch (error) {
      if (error instanceof UnreadableFile) throw id === undefined ? storeUnavailable(error.message, error) : recordUnreadable(id, error);
      throw explained(path, error);
    }
  }

  return {
    load: (id) =>
      attempt(async () => {
        if (!isKeepable(id)) return undefined;
        const document = await documents.read(nameOf(id));
        if (document === undefined) await proveMounted(disk);
        return document?.record;
      }, id),
    async commit(change, options) {
      if (!isKeepable(change.id)) {
        if (change.expect !== "absent") return { ok: false, why: "missing" };
        throw new SojournError("invalid_option", 'A session\'s id is 1 to 512 of the characters 0-9, a-z, A-Z, ":", "_" and "-". Nothing was written.');
      }
      if (isOver(options?.deadline)) throw late();
      try {
        return await attempt(() => reservations.commit(change, options), change.id);
      } catch (error) {
        if (error instanceof SojournError && error.code === "store_full") return { ok: false, why: "full", of: "store" };
        throw error;
      }
    },
    find: (query, page = {}) =>
      attempt(async () => {
        const found =
          "kind" in query
            ? await kinds.find(query.kind, page)
            : "wakeBefore" in query
              ? await findDue(parts, query.wakeBefore, page)
              : await reservations.find(query, page);
        if (found.records.length === 0) await proveMounted(disk);
        return found;
      }),
    count: ({ kind }) =>
      attempt(async () => {
        const live = await kinds.live(kind);
        if (live === 0) await proveMounted(disk);
        return live;
      }),
    scrub: (options) => attempt(() => scrub(parts, options)),
    now: () =>
      attempt(async () => {
        offset = await clockOffset(disk);
        return Date.now() + offset;
      }),
    async close() {
      if (closed) return;
      closed = true;
      await parts.idle();
    },
  } satisfies FileStore;
}
