import { memoryStore } from "sojourn/stores/memory";
import { openStore } from "../open-store.ts";
import type { OpenedStore } from "./opened-store.ts";
import type { StoreAddress } from "./store-address.ts";

/** Opens the store at an address; what only some engines need is loaded then. @throws {StartFailure} one line that names the setting and the fix */
export async function openAddress(address: StoreAddress): Promise<OpenedStore> {
  switch (address.engine) {
    case "lmdb": {
      const store = openStore(address.path, address.setting);
      return { store, close: async () => store.close() };
    }
    case "memory": {
      const store = memoryStore();
      return { store, close: async () => store.close() };
    }
    case "redis":
      return (await import("./open-redis.ts")).openRedis(address);
    case "mariadb":
      return (await import("./open-mariadb.ts")).openMariadb(address);
    case "postgres":
      return (await import("./open-postgres.ts")).openPostgres(address);
    case "nats":
      return (await import("./open-nats.ts")).openNats(address);
    case "file":
      return (await import("./open-file.ts")).openFile(address);
  }
}
