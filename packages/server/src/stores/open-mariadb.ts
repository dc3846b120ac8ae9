import { clientPackage } from "./client-package.ts";
import type { NetworkAddress } from "./network-address.ts";
import { connected, type OpenedStore } from "./opened-store.ts";
import { tlsOptions } from "./tls-options.ts";

/** The store in MariaDB, through mysql2. @throws {StartFailure} one line that names the setting and the fix */
export async function openMariadb(address: NetworkAddress): Promise<OpenedStore> {
  const { createPool } = await clientPackage(address, ["mysql2@3"], () => import("mysql2"));
  const { fromMysql2, mariadbStore } = await import("sojourn/stores/mariadb");
  return connected(address, async (opened) => {
    const { hosts, user, password, database, parameters } = address;
    const [host] = hosts;
    const tls = tlsOptions(address);
    const pool = createPool({
      ...(host === undefined ? { socketPath: parameters.socket ?? "" } : { host: host.name, port: host.port }),
      ...(user === undefined ? undefined : { user }),
      ...(password === undefined ? undefined : { password }),
      ...(database === undefined ? undefined : { database }),
      ...(tls === undefined ? undefined : { ssl: { ...tls, verifyIdentity: true } }),
      connectionLimit: Number(parameters.pool ?? 10),
      connectTimeout: 2_000,
      enableKeepAlive: true,
    });
    opened(() => new Promise<void>((resolve) => pool.end(() => resolve())));
    return mariadbStore(fromMysql2(pool), parameters.prefix === undefined ? {} : { prefix: parameters.prefix });
  });
}
