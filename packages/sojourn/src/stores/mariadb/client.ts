/** What a statement takes in the place of a `?`. Text goes as its UTF-8 bytes, so that no character set of the connection can change it. */
export type MariadbValue = Buffer | number | null;

/** What a statement answered. */
export interface MariadbAnswer {
  /** Of the first result set, each row as a list of its columns; none for a statement that gives no rows. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that a statement without rows matched. */
  readonly affected: number;
  /** What the statement gave to `LAST_INSERT_ID(…)`; 0 when it gave nothing. */
  readonly insertId: number;
}

/** One connection, lent. */
export interface MariadbConnection {
  /** Has the server parse the statement, unless it did on this connection before. Runs nothing. */
  prepare(sql: string): Promise<void>;
  /** Runs a prepared statement: once, never again after it was sent, whatever becomes of the connection. */
  execute(sql: string, values: readonly MariadbValue[]): Promise<MariadbAnswer>;
  /** Runs a statement that cannot be prepared. */
  query(sql: string): Promise<MariadbAnswer>;
  /** Gives the connection back, in good order. */
  release(): void;
  /** Closes the connection: what is on its way there is not known. */
  destroy(): void;
}

/**
 * What the store asks of a client of MariaDB. {@link fromMysql2} makes one of a pool of mysql2.
 *
 * Errors that the server answered carry its number as `errno` and an `sqlState`; all others mean that no answer came.
 */
export interface MariadbClient {
  /** Lends a connection on which the statement `settings` has been run. When this rejects, nothing was sent on behalf of the caller. */
  connect(settings: string): Promise<MariadbConnection>;
}
