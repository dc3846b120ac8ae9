import { isLost, NotSentError, stateOf, type PostgresClient, type PostgresRow } from "./postgres-client.ts";

/** What is used of the function that the package `postgres` (3) gives. */
export interface PostgresJs {
  unsafe(text: string, values?: never[], options?: { prepare?: boolean }): PromiseLike<readonly unknown[]>;
  listen(channel: string, heard: (payload: string) => void, listening?: () => void): Promise<{ unlisten(): Promise<void> }>;
}

/**
 * A client of PostgreSQL from what `postgres(…)` of the package `postgres` gives. It stays yours; while somebody watches, it opens one more connection.
 *
 * It keeps statements prepared unless it was made with `prepare: false`.
 */
export function fromPostgresJs(sql: PostgresJs): PostgresClient {
  /** Resolves when a connection has answered. It keeps what it is given while it has no connection, and would send it when nobody waits any more. */
  let up: Promise<unknown> | undefined;

  async function open(): Promise<void> {
    const asking = (up ??= Promise.resolve(sql.unsafe("select 1")));
    try {
      await asking;
    } catch (error) {
      if (up === asking) up = undefined;
      throw new NotSentError(error);
    }
  }

  async function sent<T>(answer: PromiseLike<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (isLost(error)) up = undefined;
      throw isUnsent(error) ? new NotSentError(error) : error;
    }
  }

  return {
    async query({ text }, values, deadline) {
      await open();
      if (deadline !== undefined && deadline <= Date.now()) throw new NotSentError();
      return sent(sql.unsafe(text, values as never[], { prepare: true }) as PromiseLike<readonly PostgresRow[]>);
    },
    async script(text) {
      await open();
      await sent(sql.unsafe(text));
    },
    async listen(channel, heard) {
      let over = false;
      const ring = (): void => void (over || heard());
      try {
        // It listens again by itself when its connection was lost or did not come about, and says so.
        const { unlisten } = await sql.listen(channel, ring, ring);
        return async () => {
          over = true;
          // A server that does not answer keeps nobody from closing.
          await Promise.race([unlisten(), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
        };
      } catch (error) {
        if (!isLost(error)) throw error;
        return async () => void (over = true);
      }
    },
  };
}

/** Told before a statement could be sent: no connection came about. */
function isUnsent(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return stateOf(error) === undefined && /^(CONNECT_TIMEOUT|CONNECTION_ENDED|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code);
}
