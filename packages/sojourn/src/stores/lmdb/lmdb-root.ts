/**
 * What the store calls of lmdb-js (3.5 or newer): the root database that `open` gives. Declared here so that no type of the package
 * is part of this library's own; an `lmdb` root satisfies it.
 */
export interface LmdbRoot {
  /** The folder, if the root tells. */
  readonly path?: string;
  openDB(options: LmdbDatabaseOptions): LmdbDatabase;
  /** Runs the action inside a write transaction begun on another thread; a throw undoes all that it wrote. */
  childTransaction<T>(action: () => T): Promise<T>;
  transactionSync<T>(action: () => T): T;
  /** Readers from here on see the newest commit. */
  resetReadTxn(): void;
  /** Frees the places of readers whose process is gone. */
  readerCheck(): number;
  /** Has, among others, the numbers `pageSize` and `lastPageNumber`. */
  getStats(): object;
  /** Settles with the newest transaction. */
  readonly committed: PromiseLike<unknown>;
  /** Settles when all that was handed over is on the disk. */
  readonly flushed: PromiseLike<unknown>;
}

export interface LmdbDatabase {
  /** Valid until the next read. */
  getBinaryFast(key: LmdbKey): Uint8Array | undefined;
  put(key: LmdbKey, value: Uint8Array): unknown;
  remove(key: LmdbKey): unknown;
  getKeys(options: LmdbRange): Iterable<unknown>;
  getRange(options: LmdbRange): Iterable<{ key: unknown; value: unknown }>;
  /** Has, among others, a number `entryCount`. */
  getStats(): object;
}

export interface LmdbRange {
  readonly start: LmdbKey;
  /** Exclusive. */
  readonly end: LmdbKey;
  readonly limit: number;
}

export interface LmdbDatabaseOptions {
  readonly name: string;
  readonly encoding: "binary";
  readonly keyEncoder: KeyEncoder;
}

export type LmdbKey = string | number;

/** How a key becomes bytes that sort as the keys do. */
export interface KeyEncoder {
  writeKey(key: LmdbKey, target: Uint8Array, start: number): number;
  readKey(source: Uint8Array, start: number, end: number): LmdbKey;
}
