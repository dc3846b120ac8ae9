import { resolve } from "node:path";
import { isLoopback, nameInHost } from "./host.ts";
import { StartFailure } from "./start-failure.ts";
import type { StoreSetting } from "./stores/open-setting.ts";
import { storeAddress, type StoreAddress } from "./stores/store-address.ts";

/** The flags that say where things are kept. */
export interface PlaceFlags {
  readonly data?: string | undefined;
  readonly store?: string | undefined;
  readonly migratingFrom?: string | undefined;
  readonly migratingPhase?: string | undefined;
}

/** What `sojournd serve` was told on its command line. */
export interface ServeFlags extends PlaceFlags {
  readonly dev?: boolean | undefined;
  readonly behindTls?: boolean | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly allowedHost?: readonly string[] | undefined;
}

/** What it is to do. */
export interface ServeSettings extends StoreSetting {
  readonly dev: boolean;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absolute path of the folder of a development server's key, and of the store unless another is named. */
  readonly data: string;
  /** Further names by which it may be called. */
  readonly allowedHosts: readonly string[];
  /** An application key from the environment. */
  readonly key: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A flag counts more than the environment, and that more than the default. @throws {StartFailure} naming the setting and the fix */
export function serveSettings(flags: ServeFlags, environment: Environment): ServeSettings {
  const host = flags.host ?? given(environment, "SOJOURN_HOST") ?? "127.0.0.1";
  if (nameInHost(host.includes(":") ? `[${host}]` : host) === undefined) {
    throw new StartFailure(`host is ${JSON.stringify(host)}. Give an address such as 127.0.0.1, without a port (--host, SOJOURN_HOST).`);
  }
  const dev = flags.dev === true;
  if (!isLoopback(host)) {
    if (dev) throw new StartFailure(`--dev serves this machine only, and ${host} is not a loopback address. Leave out --dev, or use --host 127.0.0.1.`);
    if (flags.behindTls !== true) {
      throw new StartFailure(
        `${host} is not a loopback address, and sojournd speaks plain http. Put a proxy that ends TLS in front and say --behind-tls, or use --host 127.0.0.1.`,
      );
    }
  }
  return {
    dev,
    host,
    port: portOf(flags.port ?? given(environment, "SOJOURN_PORT") ?? "7300"),
    data: dataFolder(flags.data, environment),
    ...storeSettings(flags, environment),
    allowedHosts: (flags.allowedHost ?? []).map(checkAllowed),
    key: given(environment, "SOJOURN_KEY"),
  };
}

/** Where sessions rest: what `--store` says, else `SOJOURN_STORE`, else LMDB in the data folder. @throws {StartFailure} naming the setting and the fix */
export function storeSetting(flags: PlaceFlags, environment: Environment): StoreAddress {
  const named = addressOf("--store", flags.store, "SOJOURN_STORE", environment);
  if (named !== undefined) return named;
  const path = dataFolder(flags.data, environment);
  return { engine: "lmdb", path, setting: undefined, shown: `lmdb:${path}` };
}

/** The same, and from where sessions are being moved there. @throws {StartFailure} naming the setting and the fix */
export function storeSettings(flags: PlaceFlags, environment: Environment): StoreSetting {
  return {
    store: storeSetting(flags, environment),
    migratingFrom: addressOf("--migrating-from", flags.migratingFrom, "SOJOURN_MIGRATING_FROM", environment),
    migratingPhase: phaseOf(flags.migratingPhase ?? given(environment, "SOJOURN_MIGRATING_PHASE") ?? "both"),
  };
}

function addressOf(option: string, flag: string | undefined, variable: string, environment: Environment): StoreAddress | undefined {
  if (flag !== undefined) return storeAddress(flag, option);
  const text = given(environment, variable);
  return text === undefined ? undefined : storeAddress(text, variable);
}

/** Absolute path of the folder in which everything is kept. */
export function dataFolder(flag: string | undefined, environment: Environment): string {
  return resolve(flag ?? given(environment, "SOJOURN_DATA") ?? "data");
}

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === "" ? undefined : value;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new StartFailure(`port is ${JSON.stringify(text)}. Give a number from 1 to 65535, or 0 for any free port (--port, SOJOURN_PORT).`);
}

function phaseOf(text: string): "old" | "both" {
  if (text === "old" || text === "both") return text;
  throw new StartFailure(
    `The phase of the move is ${JSON.stringify(text)}. Give old, for a server that only follows, or both (--migrating-phase, SOJOURN_MIGRATING_PHASE).`,
  );
}

function checkAllowed(name: string): string {
  if (nameInHost(name) !== undefined && !name.includes(":")) return name;
  throw new StartFailure(`--allowed-host is ${JSON.stringify(name)}. Give a host name without scheme and port, such as sessions.example.com.`);
}
