import { storeUnavailable } from "../../core/errors.ts";
import type { MariadbClient } from "./client.ts";
import { isAbsent } from "./faults.ts";
import { checkedVersion, foreignTables, migrateMariadb, schemaVersion } from "./migrate.ts";
import type { MariadbNames } from "./schema.ts";
import type { Trips } from "./trips.ts";

/** What is known of the server once its tables are as they must be. */
export interface Readiness {
  /** Bytes that a statement and its values may have. */
  readonly packet: number;
}

/** Looks at the tables, and migrates them if that is wanted, at the first call and again after every one that failed. */
export function readiness(client: MariadbClient, trips: Trips, names: MariadbNames, prefix: string, migrate: boolean): () => Promise<Readiness> {
  let known: Promise<Readiness> | undefined;

  async function look(): Promise<Readiness> {
    let seen = await versionAndPacket();
    if (seen.version < schemaVersion) {
      if (!migrate) throw storeUnavailable("its tables are not there, or of an older release. Run migrateMariadb, or leave migrate on; nothing was written");
      await migrateMariadb(client, { prefix });
      seen = await versionAndPacket();
    }
    return seen;
  }

  async function versionAndPacket(): Promise<Readiness & { readonly version: number }> {
    try {
      const { rows } = await trips.read(`SELECT MAX(value), @@max_allowed_packet FROM ${names.meta} WHERE name = 'schema'`, []);
      const [value, packet] = rows[0] ?? [];
      return { version: checkedVersion(value), packet: Number(packet) };
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (isAbsent(cause, "table")) return { version: 0, packet: 0 };
      throw isAbsent(cause, "column") ? foreignTables(names.meta) : error;
    }
  }

  return () => {
    known ??= look().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
