import { storeUnavailable, type SojournError } from "../../core/errors.ts";
import type { MariadbAnswer, MariadbClient, MariadbConnection, MariadbValue } from "./client.ts";
import { isAnswered, unavailable, isAgain, isUnsaid, unknown } from "./faults.ts";
import { settings } from "./schema.ts";

/** Round trips to the server. */
export interface Trips {
  /**
   * Runs a statement that changes nothing, a second time on another connection when the first one was lost.
   * @param deadline epoch ms; it is not sent after it: a server that comes back is not to answer first those who have gone.
   * @throws {SojournError} `store_unavailable`
   */
  read(sql: string, values: readonly MariadbValue[], deadline?: number): Promise<MariadbAnswer>;
  /**
   * Runs a statement that writes. It is sent once; only where the server itself undid it because of others is it run again, up to five times.
   * @param deadline epoch ms; it is not sent after it.
   * @throws {SojournError} `store_unavailable`: nothing was written · `outcome_unknown`: no answer came. Errors of a full disk as the client gave them.
   */
  write(sql: string, values: readonly MariadbValue[], deadline: number | undefined): Promise<MariadbAnswer>;
}

const mostTries = 5;

/** Trips by this client. */
export function tripsBy(client: MariadbClient): Trips {
  return {
    async read(sql, values, deadline) {
      for (let tries = 1; ; tries++) {
        const connection = await preparedConnection(client, sql, deadline);
        try {
          return await run(connection, sql, values);
        } catch (error) {
          if (tries === 2 || isAnswered(error)) throw unavailable("reading", error);
        }
      }
    },
    async write(sql, values, deadline) {
      for (let tries = 1; ; tries++) {
        const connection = await preparedConnection(client, sql, deadline);
        try {
          return await run(connection, sql, values);
        } catch (error) {
          if (!isAnswered(error) || isUnsaid(error)) throw unknown(error);
          if (tries === mostTries || !isAgain(error)) throw error;
        }
      }
    },
  };
}

/** A connection that has nothing left to do but run the statement, before the deadline. */
async function preparedConnection(client: MariadbClient, sql: string, deadline?: number): Promise<MariadbConnection> {
  for (let tries = 1; ; tries++) {
    if (isOver(deadline)) throw late();
    let connection: MariadbConnection;
    try {
      connection = await client.connect(settings);
    } catch (error) {
      throw unavailable("connecting to MariaDB", error);
    }
    try {
      await connection.prepare(sql);
    } catch (error) {
      giveBack(connection, error);
      // Nothing has been run: a connection that was lost while it was idle may be replaced by another.
      if (tries === 2 || isAnswered(error)) throw unavailable("preparing a statement", error);
      continue;
    }
    if (!isOver(deadline)) return connection;
    // It was waited for, and whoever did has been told that nothing came of it.
    connection.release();
    throw late();
  }
}

async function run(connection: MariadbConnection, sql: string, values: readonly MariadbValue[]): Promise<MariadbAnswer> {
  try {
    const answer = await connection.execute(sql, values);
    connection.release();
    return answer;
  } catch (error) {
    giveBack(connection, error);
    throw error;
  }
}

/** Read-only servers, and such as were told to go, keep their connections: another server may stand behind the address by now. */
const parted: ReadonlySet<number> = new Set([1053, 1290, 1792, 1836, 1927]);

function giveBack(connection: MariadbConnection, error: unknown): void {
  if (isAnswered(error) && !parted.has(error.errno)) connection.release();
  else connection.destroy();
}

function isOver(deadline: number | undefined): boolean {
  return deadline !== undefined && deadline <= Date.now();
}

function late(): SojournError {
  return storeUnavailable("the deadline had passed before the statement was sent; nothing was written");
}
