import type { ServeFlags } from "../config.ts";
import type { OidcSettings } from "../console/oidc-settings.ts";
import { schemas, type ConfigFile, type Rate, type SettingSchemas } from "./config-file.ts";
import type { z } from "zod";

/** One thing that can be set, and where. */
export interface Setting<T> {
  /** In the file, such as `sessions.idle`. */
  readonly name: keyof SettingSchemas;
  /** In the environment. */
  readonly variable: string;
  /** On the command line of `serve`. */
  readonly option?: string;
  readonly schema: z.ZodType<T>;
  /** What a text stands for that an option or the environment gives. */
  read(text: string): unknown;
  inFlags(flags: ServeFlags): unknown;
  inFile(file: ConfigFile): T | undefined;
}

/** All of them. */
export interface Settings {
  readonly host: Setting<string>;
  readonly port: Setting<number>;
  readonly store: Setting<string>;
  readonly data: Setting<string>;
  readonly allowedHosts: Setting<readonly string[]>;
  readonly behindTls: Setting<boolean>;
  readonly migratingFrom: Setting<string>;
  readonly migratingPhase: Setting<"old" | "both">;
  readonly idle: Setting<number>;
  readonly absolute: Setting<number>;
  readonly perSubject: Setting<number | false>;
  readonly whenFull: Setting<"end-oldest" | "refuse">;
  readonly kinds: Setting<readonly string[]>;
  readonly rate: Setting<Rate | false>;
  readonly webhookHosts: Setting<readonly string[]>;
  readonly console: Setting<boolean>;
  readonly consoleKeys: Setting<boolean>;
  readonly oidc: Setting<OidcSettings>;
}

const same = (text: string): unknown => text;
const none = (): unknown => undefined;
const whole = (text: string): unknown => (/^\d{1,15}$/.test(text) ? Number(text) : text);
const truth = (text: string): unknown => (text === "true" ? true : text === "false" ? false : text);
const listed = (text: string): unknown => text.split(",").map((part) => part.trim());
const wholeOrFalse = (text: string): unknown => (text === "false" ? false : whole(text));
/** JSON; what is none is refused as any text is. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
/** `1000/2000`: a second, and at once. */
const rated = (text: string): unknown => {
  if (text === "false") return false;
  const [perSecond = "", burst = perSecond, ...more] = text.split("/");
  return more.length > 0 ? text : { perSecond: whole(perSecond), burst: whole(burst) };
};

/** Where each thing is set. An option counts more than the environment, that more than the file, and that more than the default. */
export const settings: Settings = {
  host: {
    name: "host",
    variable: "SOJOURN_HOST",
    option: "--host",
    schema: schemas.host,
    read: same,
    inFlags: ({ host }) => host,
    inFile: ({ host }) => host,
  },
  port: {
    name: "port",
    variable: "SOJOURN_PORT",
    option: "--port",
    schema: schemas.port,
    read: (text) => (text.length > 5 ? text : whole(text)),
    inFlags: ({ port }) => port,
    inFile: ({ port }) => port,
  },
  store: {
    name: "store",
    variable: "SOJOURN_STORE",
    option: "--store",
    schema: schemas.store,
    read: same,
    inFlags: ({ store }) => store,
    inFile: ({ store }) => store,
  },
  data: {
    name: "data",
    variable: "SOJOURN_DATA",
    option: "--data",
    schema: schemas.data,
    read: same,
    inFlags: ({ data }) => data,
    inFile: ({ data }) => data,
  },
  allowedHosts: {
    name: "allowedHosts",
    variable: "SOJOURN_ALLOWED_HOSTS",
    option: "--allowed-host",
    schema: schemas.allowedHosts,
    read: listed,
    inFlags: ({ allowedHost }) => allowedHost,
    inFile: ({ allowedHosts }) => allowedHosts,
  },
  behindTls: {
    name: "behindTls",
    variable: "SOJOURN_BEHIND_TLS",
    option: "--behind-tls",
    schema: schemas.behindTls,
    read: truth,
    inFlags: ({ behindTls }) => behindTls,
    inFile: ({ behindTls }) => behindTls,
  },
  migratingFrom: {
    name: "migratingFrom",
    variable: "SOJOURN_MIGRATING_FROM",
    option: "--migrating-from",
    schema: schemas.migratingFrom,
    read: same,
    inFlags: ({ migratingFrom }) => migratingFrom,
    inFile: ({ migratingFrom }) => migratingFrom,
  },
  migratingPhase: {
    name: "migratingPhase",
    variable: "SOJOURN_MIGRATING_PHASE",
    option: "--migrating-phase",
    schema: schemas.migratingPhase,
    read: same,
    inFlags: ({ migratingPhase }) => migratingPhase,
    inFile: ({ migratingPhase }) => migratingPhase,
  },
  idle: {
    name: "sessions.idle",
    variable: "SOJOURN_SESSIONS_IDLE",
    schema: schemas["sessions.idle"],
    read: whole,
    inFlags: none,
    inFile: ({ sessions }) => sessions?.idle,
  },
  absolute: {
    name: "sessions.absolute",
    variable: "SOJOURN_SESSIONS_ABSOLUTE",
    schema: schemas["sessions.absolute"],
    read: whole,
    inFlags: none,
    inFile: ({ sessions }) => sessions?.absolute,
  },
  perSubject: {
    name: "sessions.perSubject",
    variable: "SOJOURN_SESSIONS_PER_SUBJECT",
    schema: schemas["sessions.perSubject"],
    read: wholeOrFalse,
    inFlags: none,
    inFile: ({ sessions }) => sessions?.perSubject,
  },
  whenFull: {
    name: "sessions.whenFull",
    variable: "SOJOURN_SESSIONS_WHEN_FULL",
    schema: schemas["sessions.whenFull"],
    read: same,
    inFlags: none,
    inFile: ({ sessions }) => sessions?.whenFull,
  },
  kinds: {
    name: "kinds",
    variable: "SOJOURN_KINDS",
    schema: schemas.kinds,
    read: listed,
    inFlags: none,
    inFile: ({ kinds }) => kinds,
  },
  rate: {
    name: "rate",
    variable: "SOJOURN_RATE",
    schema: schemas.rate,
    read: rated,
    inFlags: none,
    inFile: ({ rate }) => rate,
  },
  webhookHosts: {
    name: "webhookHosts",
    variable: "SOJOURN_WEBHOOK_HOSTS",
    schema: schemas.webhookHosts,
    read: listed,
    inFlags: none,
    inFile: ({ webhookHosts }) => webhookHosts,
  },
  console: {
    name: "console",
    variable: "SOJOURN_CONSOLE",
    schema: schemas.console,
    read: truth,
    inFlags: none,
    inFile: (file) => file.console,
  },
  consoleKeys: {
    name: "consoleKeys",
    variable: "SOJOURN_CONSOLE_KEYS",
    schema: schemas.consoleKeys,
    read: truth,
    inFlags: none,
    inFile: ({ consoleKeys }) => consoleKeys,
  },
  oidc: {
    name: "oidc",
    variable: "SOJOURN_OIDC",
    schema: schemas.oidc,
    read: parsed,
    inFlags: none,
    inFile: ({ oidc }) => oidc,
  },
};
