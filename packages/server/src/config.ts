import { resolve } from "node:path";
import { inEnvironment, sourcesOf, type Environment, type Origin, type Sources } from "./config/given.ts";
import { settings as known, type Setting } from "./config/settings.ts";
import { checkOidc, type OidcSettings } from "./console/oidc-settings.ts";
import { isLoopback } from "./host.ts";
import { StartFailure } from "./start-failure.ts";
import type { StoreSetting } from "./stores/open-setting.ts";
import { storeAddress, type StoreAddress } from "./stores/store-address.ts";

/** The flags that say where things are kept. */
export interface PlaceFlags {
  /** A configuration file. */
  readonly config?: string | undefined;
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
  /** Whether a proxy in front ends TLS. */
  readonly behindTls: boolean;
  readonly policy: Policy;
  /** A provider with which people may log in at the console. */
  readonly oidc?: OidcSettings | undefined;
  /** Of the client that this server is to it, from the environment; without one it is a public client. */
  readonly oidcSecret?: string | undefined;
  /** Whether keys open the console. Default true. */
  readonly consoleKeys?: boolean | undefined;
}

/** What holds for sessions, requests and people, whatever the store. */
export interface Policy {
  /** ms without activity after which a session ends unless it was begun with another. */
  readonly idle: number;
  /** ms after which it ends whatever happens. */
  readonly absolute: number;
  /** Live sessions that a subject may hold; undefined: as many as it likes. */
  readonly perSubject: number | undefined;
  readonly whenFull: "end-oldest" | "refuse";
  /** Kinds of sessions that are counted from the beginning; others are when the first event of one is heard. */
  readonly kinds: readonly string[];
  /** Requests a second that a key may make for long; `burst` at once. undefined: no bound. */
  readonly rate: { readonly perSecond: number; readonly burst: number } | undefined;
  /** Hosts to which webhooks may go though they are private, or by plain http. */
  readonly webhookHosts: readonly string[];
  /** Whether there is a console. */
  readonly console: boolean;
}

/** What holds where nobody says otherwise. */
export const defaultPolicy: Policy = {
  idle: 30 * 60_000,
  absolute: 12 * 3_600_000,
  perSubject: undefined,
  whenFull: "end-oldest",
  kinds: ["api", "web", "sms"],
  rate: undefined,
  webhookHosts: [],
  console: true,
};

/** Settings, and from where each came. */
export interface Settled {
  readonly settings: ServeSettings;
  /** The configuration file's absolute path. */
  readonly file: string | undefined;
  readonly told: readonly Told[];
}

/** A setting as it may be shown. */
export interface Told {
  /** As the file has it, such as `sessions.idle`. */
  readonly name: string;
  /** Without passwords. */
  readonly value: unknown;
  readonly from: Origin;
  /** Which option, variable or file; absent of a default. */
  readonly where?: string;
}

/** A flag counts more than the environment, that more than the file, and that more than the default. @throws {StartFailure} naming the setting and the fix */
export function serveSettings(flags: ServeFlags, environment: Environment): ServeSettings {
  return settledSettings(flags, environment).settings;
}

/** The same, and from where each came. @throws {StartFailure} naming the setting and the fix */
export function settledSettings(flags: ServeFlags, environment: Environment): Settled {
  const sources = sourcesOf(flags, environment);
  const told: Told[] = [];
  function value<T, Default>(setting: Setting<T>, otherwise: Default): T | Default {
    const given = sources.of(setting);
    tell(setting, given?.value ?? otherwise);
    return given === undefined ? otherwise : given.value;
  }
  function tell<T>(setting: Setting<T>, shown: unknown): void {
    const { origin = "default", where } = sources.of(setting) ?? {};
    told.push({ name: setting.name, value: shown, from: origin, ...(where !== undefined && { where }) });
  }

  const host = value(known.host, "127.0.0.1");
  const port = value(known.port, 7300);
  const data = dataOf(sources);
  tell(known.data, data);
  const stores = storesOf(sources);
  tell(known.store, stores.store.shown);
  tell(known.migratingFrom, stores.migratingFrom?.shown ?? null);
  tell(known.migratingPhase, stores.migratingPhase);
  const allowedHosts = value(known.allowedHosts, []);
  const behindTls = value(known.behindTls, false);
  const policy: Policy = {
    idle: value(known.idle, defaultPolicy.idle),
    absolute: value(known.absolute, defaultPolicy.absolute),
    perSubject: value(known.perSubject, false) || undefined,
    whenFull: value(known.whenFull, defaultPolicy.whenFull),
    kinds: value(known.kinds, defaultPolicy.kinds),
    rate: value(known.rate, defaultPolicy.rate ?? false) || undefined,
    webhookHosts: value(known.webhookHosts, defaultPolicy.webhookHosts),
    console: value(known.console, defaultPolicy.console),
  };
  const dev = flags.dev === true;
  checkReach({ host, dev, behindTls });
  const consoleKeys = value(known.consoleKeys, true);
  const oidc = value(known.oidc, null) ?? undefined;
  checkOidc({ oidc, consoleKeys, console: policy.console, behindTls });
  const oidcSecret = inEnvironment(environment, "SOJOURN_OIDC_CLIENT_SECRET");
  const key = inEnvironment(environment, "SOJOURN_KEY");
  return { settings: { dev, host, port, data, ...stores, allowedHosts, key, behindTls, policy, oidc, oidcSecret, consoleKeys }, file: sources.file, told };
}

/** @throws {StartFailure} when others could reach what speaks plain http */
function checkReach({ host, dev, behindTls }: Pick<ServeSettings, "host" | "dev" | "behindTls">): void {
  if (isLoopback(host)) return;
  if (dev) throw new StartFailure(`--dev serves this machine only, and ${host} is not a loopback address. Leave out --dev, or use --host 127.0.0.1.`);
  if (behindTls) return;
  throw new StartFailure(
    `${host} is not a loopback address, and sojournd speaks plain http. Put a proxy that ends TLS in front and say --behind-tls, or use --host 127.0.0.1.`,
  );
}

/** Where sessions rest: what `--store` says, else `SOJOURN_STORE`, the file, and LMDB in the data folder. @throws {StartFailure} naming the setting and the fix */
export function storeSetting(flags: PlaceFlags, environment: Environment): StoreAddress {
  return storeOf(sourcesOf(flags, environment));
}

/** The same, and from where sessions are being moved there. @throws {StartFailure} naming the setting and the fix */
export function storeSettings(flags: PlaceFlags, environment: Environment): StoreSetting {
  return storesOf(sourcesOf(flags, environment));
}

/** Absolute path of the folder in which everything is kept. @throws {StartFailure} for a configuration file that cannot be taken */
export function dataFolder(flag: string | undefined, environment: Environment): string {
  return dataOf(sourcesOf({ data: flag }, environment));
}

function dataOf(sources: Sources): string {
  return resolve(sources.of(known.data)?.value ?? "data");
}

function storesOf(sources: Sources): StoreSetting {
  return {
    store: storeOf(sources),
    migratingFrom: addressOf(sources, known.migratingFrom),
    migratingPhase: sources.of(known.migratingPhase)?.value ?? "both",
  };
}

function storeOf(sources: Sources): StoreAddress {
  const named = addressOf(sources, known.store);
  if (named !== undefined) return named;
  const path = dataOf(sources);
  return { engine: "lmdb", path, setting: undefined, shown: `lmdb:${path}` };
}

function addressOf(sources: Sources, setting: Setting<string>): StoreAddress | undefined {
  const given = sources.of(setting);
  if (given === undefined) return undefined;
  const address = storeAddress(given.value, given.where);
  // A user alone is a token to NATS.
  const secret = "password" in address && (address.password !== undefined || (address.engine === "nats" && address.user !== undefined));
  if (given.origin !== "file" || !secret) return address;
  throw new StartFailure(
    `${given.where} has a password, and a file of settings is no place for one. Take the line out, and give the whole address in ${setting.variable}.`,
  );
}
