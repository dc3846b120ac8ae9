import { isIPv6 } from "node:net";
import { milliseconds, type Duration } from "sojourn";
import { z } from "zod";
import { oidcNames, oidcSchema, type OidcSettings } from "../console/oidc-settings.ts";
import { nameInHost } from "../host.ts";

/** What a configuration file may say, once it has been checked: durations are ms. */
export interface ConfigFile {
  readonly $schema?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly store?: string | undefined;
  readonly data?: string | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly behindTls?: boolean | undefined;
  readonly migratingFrom?: string | undefined;
  readonly migratingPhase?: "old" | "both" | undefined;
  readonly sessions?: SessionsPart | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly rate?: Rate | false | undefined;
  readonly webhookHosts?: readonly string[] | undefined;
  readonly console?: boolean | undefined;
  readonly consoleKeys?: boolean | undefined;
  readonly oidc?: OidcSettings | undefined;
}

/** What holds for sessions that say nothing else. */
export interface SessionsPart {
  readonly idle?: number | undefined;
  readonly absolute?: number | undefined;
  readonly perSubject?: number | false | undefined;
  readonly whenFull?: "end-oldest" | "refuse" | undefined;
}

/** How many requests one key may make. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

// Each message ends the sentence "<setting> must be …".

const anAddress = "an address such as 127.0.0.1, without a port";
const aPort = "a port: a whole number from 1 to 65535, or 0 for any free one";
const aFolder = "the path of a folder";
const aStore = "the address of a store, without a password";
const aHostName = "a host name without scheme and port, such as sessions.example.com";
const aList = "a list of at most 100 texts";
const aPhase = "old, for a server that only follows, or both";
const aDuration = 'ms from 1, or a text such as "30s", "15m", "12h" or "30d", and 400 days at most';
const aLimit = "a whole number from 1 to 1000000, or false for no limit";
const aWay = "end-oldest or refuse";
const aKind = 'a letter and up to 62 letters, digits and hyphens, such as "web"';
const aRate = "false, or an object with perSecond and burst: whole numbers from 1 to 1000000, burst not under perSecond";
const aBoolean = "true or false";

/** Cookies live no longer, and neither does a session. */
const longest = 400 * 86_400_000;

const isHost = (name: string): boolean => (name.includes(":") ? isIPv6(name) : nameInHost(name) !== undefined);
const hostName = z.string(aHostName).refine(isHost, aHostName);
const whole = (message: string): z.ZodInt => z.int(message).min(1, message).max(1_000_000, message);

/** Every setting's schema, by its name in the file. */
export const schemas: SettingSchemas = {
  host: z.string(anAddress).refine(isHost, anAddress),
  port: z.int(aPort).min(0, aPort).max(65_535, aPort),
  store: z.string(aStore).min(1, aStore),
  data: z.string(aFolder).min(1, aFolder),
  allowedHosts: z.array(hostName, aList).max(100, aList),
  behindTls: z.boolean(aBoolean),
  migratingFrom: z.string(aStore).min(1, aStore),
  migratingPhase: z.enum(["old", "both"], aPhase),
  "sessions.idle": duration(),
  "sessions.absolute": duration(),
  "sessions.perSubject": z.union([whole(aLimit), z.literal(false)], aLimit),
  "sessions.whenFull": z.enum(["end-oldest", "refuse"], aWay),
  kinds: z.array(z.string(aKind).regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, aKind), aList).max(100, aList),
  rate: z.union(
    [z.strictObject({ perSecond: whole(aRate), burst: whole(aRate) }).refine(({ perSecond, burst }) => burst >= perSecond, aRate), z.literal(false)],
    aRate,
  ),
  webhookHosts: z.array(hostName, aList).max(100, aList),
  console: z.boolean(aBoolean),
  consoleKeys: z.boolean(aBoolean),
  oidc: oidcSchema,
};

/** See {@link schemas}. */
export interface SettingSchemas {
  readonly host: z.ZodType<string>;
  readonly port: z.ZodType<number>;
  readonly store: z.ZodType<string>;
  readonly data: z.ZodType<string>;
  readonly allowedHosts: z.ZodType<readonly string[]>;
  readonly behindTls: z.ZodType<boolean>;
  readonly migratingFrom: z.ZodType<string>;
  readonly migratingPhase: z.ZodType<"old" | "both">;
  readonly "sessions.idle": z.ZodType<number>;
  readonly "sessions.absolute": z.ZodType<number>;
  readonly "sessions.perSubject": z.ZodType<number | false>;
  readonly "sessions.whenFull": z.ZodType<"end-oldest" | "refuse">;
  readonly kinds: z.ZodType<readonly string[]>;
  readonly rate: z.ZodType<Rate | false>;
  readonly webhookHosts: z.ZodType<readonly string[]>;
  readonly console: z.ZodType<boolean>;
  readonly consoleKeys: z.ZodType<boolean>;
  readonly oidc: z.ZodType<OidcSettings>;
}

/** What each setting is, for the schema and the documentation. */
export const about: Readonly<Record<keyof SettingSchemas, string>> = {
  host: "Where to listen. Another than a loopback address needs behindTls: sojournd speaks plain http.",
  port: "On which port; 0 takes any free one.",
  store: "Where sessions and application keys rest. An address with a password belongs in the environment.",
  data: "The folder of the embedded store. Relative to the file's own folder.",
  allowedHosts: "Further names by which requests may call the server.",
  behindTls: "A proxy in front ends TLS: allows an address that others can reach.",
  migratingFrom: "The store from which sessions are being moved to that one.",
  migratingPhase: "old while not all servers know of the move.",
  "sessions.idle": "Time without activity after which a session ends, unless it was begun with another.",
  "sessions.absolute": "Time after which it ends whatever happens, unless it was begun with another.",
  "sessions.perSubject": "Live sessions that one subject may hold; false: as many as it likes.",
  "sessions.whenFull": "What happens to the one too many: the oldest ends, or the new one is refused.",
  kinds: "Kinds of sessions that are counted from the beginning; others are when the first event of one is heard.",
  rate: "Requests that one key may make a second for long, and at once; false: no bound.",
  webhookHosts: "Hosts to which webhooks may go though they are private, or by plain http.",
  console: "Whether there is a console.",
  consoleKeys: "Whether keys open the console. Without them people log in with the provider that oidc names.",
  oidc: "The provider of OpenID Connect with which people log in at the console. Its client's secret belongs in SOJOURN_OIDC_CLIENT_SECRET.",
};

function duration(): z.ZodType<number> {
  return z.union([z.number().positive(aDuration), z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, aDuration)], aDuration).transform((given, context) => {
    try {
      const ms = milliseconds(given as Duration, "");
      if (ms <= longest) return ms;
    } catch {
      // It is told below, without what was given.
    }
    context.issues.push({ code: "custom", message: aDuration, input: given });
    return z.NEVER;
  });
}

function part<T>(schema: z.ZodType<T>, name: keyof SettingSchemas): z.ZodOptional<z.ZodType<T>> {
  return schema.optional().meta({ description: about[name] });
}

/** The whole of a file. */
export const configFile: z.ZodType<ConfigFile> = z.strictObject(
  {
    $schema: z.string("a text").optional().meta({ description: "For editors: where this schema is." }),
    host: part(schemas.host, "host"),
    port: part(schemas.port, "port"),
    store: part(schemas.store, "store"),
    data: part(schemas.data, "data"),
    allowedHosts: part(schemas.allowedHosts, "allowedHosts"),
    behindTls: part(schemas.behindTls, "behindTls"),
    migratingFrom: part(schemas.migratingFrom, "migratingFrom"),
    migratingPhase: part(schemas.migratingPhase, "migratingPhase"),
    sessions: z
      .strictObject(
        {
          idle: part(schemas["sessions.idle"], "sessions.idle"),
          absolute: part(schemas["sessions.absolute"], "sessions.absolute"),
          perSubject: part(schemas["sessions.perSubject"], "sessions.perSubject"),
          whenFull: part(schemas["sessions.whenFull"], "sessions.whenFull"),
        },
        "an object with idle, absolute, perSubject and whenFull",
      )
      .optional()
      .meta({ description: "What holds for sessions that say nothing else." }),
    kinds: part(schemas.kinds, "kinds"),
    rate: part(schemas.rate, "rate"),
    webhookHosts: part(schemas.webhookHosts, "webhookHosts"),
    console: part(schemas.console, "console"),
    consoleKeys: part(schemas.consoleKeys, "consoleKeys"),
    oidc: part(schemas.oidc, "oidc"),
  },
  "a JSON object",
);

/** The names that a file may have, by the place of their object: `""` for the file itself. */
export const knownNames: Readonly<Record<string, readonly string[]>> = {
  "": ["$schema", "sessions", ...Object.keys(schemas).filter((name) => !name.includes("."))],
  sessions: ["idle", "absolute", "perSubject", "whenFull"],
  rate: ["perSecond", "burst"],
  oidc: oidcNames,
};

/** The same as a JSON Schema (2020-12), for editors. */
export function configSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(configFile, { io: "input" });
  return { $schema, title: "The configuration of sojournd", ...rest };
}
