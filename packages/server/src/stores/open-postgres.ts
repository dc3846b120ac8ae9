import { clientPackage } from "./client-package.ts";
import type { NetworkAddress } from "./network-address.ts";
import { connected, type OpenedStore } from "./opened-store.ts";
import { tlsOptions } from "./tls-options.ts";

/** The store in PostgreSQL, through pg. @throws {StartFailure} one line that names the setting and the fix */
export async function openPostgres(address: NetworkAddress): Promise<OpenedStore> {
  const { Pool } = (await clientPackage(address, ["pg@8"], () => import("pg"))).default;
  const { fromPg, postgresStore } = await import("sojourn/stores/postgres");
  return connected(address, async (opened) => {
    const { hosts, user, password, database, parameters } = address;
    const [host] = hosts;
    const pool = new Pool({
      host: host?.name ?? parameters.host,
      port: host?.port,
      user,
      password,
      database,
      ssl: tlsOptions(address) ?? false,
      max: Number(parameters.pool ?? 10),
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
      // A connection that fell silent is given up; else a server that was cut off would keep it, and its place in the pool, for a quarter of an hour.
      query_timeout: 10_000,
      application_name: "sojournd",
    });
    // Of a connection that nobody uses at the moment: the next call opens another.
    pool.on("error", () => undefined);
    opened(() => pool.end());
    return postgresStore(fromPg(pool, { prepare: parameters.prepare !== "off" }), {
      feed: parameters.feed !== "off",
      ...(parameters.schema === undefined ? undefined : { schema: parameters.schema }),
    });
  });
}
