/** One statement with its name, under which a connection keeps it prepared. */
export interface PostgresStatement {
  readonly name: string;
  readonly text: string;
}

/** Every column is text. */
export type PostgresRow = Readonly<Record<string, string | null>>;

/** All that the store asks of a client of PostgreSQL. `fromPg` and `fromPostgresJs` make one of a pool. */
export interface PostgresClient {
  /**
   * Runs a statement on any connection, each in a transaction of its own. Parameters are text.
   * @param deadline epoch ms. One that has passed before the statement is sent is a {@link NotSentError}.
   * @throws {NotSentError} when it is certain that the statement was not sent; else whatever the client throws, with PostgreSQL's `code` where it has one.
   */
  query(statement: PostgresStatement, values: readonly (string | null)[], deadline?: number): Promise<readonly PostgresRow[]>;
  /** Runs several statements without parameters, all of them or none. */
  script(text: string): Promise<void>;
  /**
   * Listens on a connection of its own.
   * @param heard called for each notification, and whenever some may have been missed
   * @param lost called once when the connection is gone and will not come back by itself
   * @returns what gives the connection back
   */
  listen(channel: string, heard: () => void, lost: () => void): Promise<() => Promise<void>>;
}

/** The statement was never sent: nothing was written. `cause` says why; without one, the deadline had passed. */
export class NotSentError extends Error {
  override readonly name = "NotSentError";

  constructor(cause?: unknown) {
    super("the statement was not sent", { cause });
  }
}

/** PostgreSQL's SQLSTATE of an error, if it has one. */
export function stateOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined;
}

/** Whether the connection is gone with this error: everything but an error that the server told of one statement. */
export function isLost(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined || state.startsWith("08") || state === "57P01" || state === "57P02" || state === "57P05";
}
