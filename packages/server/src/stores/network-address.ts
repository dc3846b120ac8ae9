import { StartFailure } from "../start-failure.ts";
import { parametersOf, type Parameter, type Parameters } from "./address-parameters.ts";

/** A store that is reached over the network, or a socket of this machine. */
export interface NetworkAddress {
  readonly engine: "redis" | "postgres" | "mariadb" | "nats";
  /** Redis Cluster. */
  readonly cluster: boolean;
  /** Empty when a parameter says where a socket of this machine is. */
  readonly hosts: readonly Host[];
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The name, or of Redis the number. */
  readonly database: string | undefined;
  readonly parameters: Parameters;
  /** What was set: `--store`, `SOJOURN_STORE`, … */
  readonly setting: string;
  /** The address as it may be shown: without passwords and tokens. */
  readonly shown: string;
}

export interface Host {
  /** Without brackets. */
  readonly name: string;
  readonly port: number;
}

interface Scheme {
  readonly engine: NetworkAddress["engine"];
  readonly port: number;
  readonly tls?: true;
  readonly cluster?: true;
  readonly parameters: readonly Parameter[];
  /** For messages. */
  readonly example: string;
}

const redis = { engine: "redis", port: 6379, parameters: ["prefix", "shards", "feed", "ca"], example: "redis://127.0.0.1:6379" } as const;
const postgres = {
  engine: "postgres",
  port: 5432,
  parameters: ["schema", "feed", "pool", "prepare", "sslmode", "ca", "host"],
  example: "postgres://USER:PASSWORD@127.0.0.1:5432/DATABASE",
} as const;
const mariadb = {
  engine: "mariadb",
  port: 3306,
  parameters: ["prefix", "pool", "tls", "ca", "socket"],
  example: "mysql://USER:PASSWORD@127.0.0.1:3306/DATABASE",
} as const;

/** The schemes of addresses that begin with `scheme://`. */
export const schemes: Readonly<Record<string, Scheme>> = {
  redis,
  rediss: { ...redis, tls: true },
  "redis+cluster": { ...redis, cluster: true },
  "rediss+cluster": { ...redis, cluster: true, tls: true },
  postgres,
  postgresql: postgres,
  mysql: mariadb,
  mariadb,
  nats: { engine: "nats", port: 4222, parameters: ["bucket", "replicas", "reads", "tls", "ca", "creds"], example: "nats://127.0.0.1:4222" },
};

/**
 * What `scheme://rest` names. Read by hand: URL knows no list of hosts, and takes a password with a slash or a hash in it apart in silence, so that half of
 * it becomes a host's name that is asked for all over the network.
 * @throws {StartFailure} naming the setting and the fix, never a part that may be of a password
 */
export function networkAddress(name: string, rest: string, setting: string): NetworkAddress {
  const scheme = schemes[name] as Scheme;
  const refuse = (what: string): never => {
    throw new StartFailure(`${setting} (${name}://…) ${what}`);
  };
  const [, authority = "", path = "", query] = /^([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(rest) ?? [];
  const credentials = authority.lastIndexOf("@");
  if (rest.includes("#") || rest.slice(authority.length).includes("@") || authority.slice(0, Math.max(credentials, 0)).includes("@"))
    refuse("cannot be taken apart. In a user, a password or a name write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25.");
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return refuse("has a % that begins no encoded character. Write a percent sign as %25.");
    }
  };
  const [, user, password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(credentials, 0))) ?? [];
  const parameters = parametersOf(query, scheme.parameters, refuse, decoded);
  const database = path.length > 1 ? decoded(path.slice(1)) : undefined;
  const local = parameters.host ?? parameters.socket;
  const hosts = hostsOf(authority.slice(credentials + 1), scheme, local !== undefined, refuse);
  if (database === undefined && (scheme.engine === "postgres" || scheme.engine === "mariadb")) refuse(`names no database. Write ${scheme.example}.`);
  if (scheme.engine === "nats" && database !== undefined) refuse("has a path, which means nothing to NATS. A bucket is named with ?bucket=NAME.");
  if (scheme.engine === "redis" && database !== undefined && !/^\d{1,4}$/.test(database)) refuse("has a path that is no database's number, such as /1.");
  if (scheme.cluster && database !== undefined && database !== "0") refuse("names a database. A Redis Cluster has one, number 0: leave the path out.");
  if (scheme.engine === "redis" && user !== undefined && user !== "" && (password ?? "") === "")
    refuse(`has a user and no password. A password alone is written ${name}://:PASSWORD@HOST.`);
  return {
    engine: scheme.engine,
    cluster: scheme.cluster === true,
    hosts,
    tls: scheme.tls === true || parameters.tls === "on" || (parameters.sslmode ?? "disable") !== "disable",
    user: user === undefined || user === "" ? undefined : decoded(user),
    password: password === undefined || password === "" ? undefined : decoded(password),
    database,
    parameters,
    setting,
    shown: shown(name, { user, password, hosts, path }),
  };
}

function hostsOf(text: string, scheme: Scheme, local: boolean, refuse: (what: string) => never): readonly Host[] {
  if (text === "" && local) return [];
  const hosts = text.split(",").map((one) => {
    const [, six, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(one) ?? [];
    const port = digits === undefined ? scheme.port : Number(digits);
    if ((six ?? name) === undefined || port === 0 || port > 65_535) return refuse(`has no host and port that can be read. Write ${scheme.example}.`);
    return { name: (six ?? name) as string, port };
  });
  if (hosts.length > 1 && scheme.cluster !== true && scheme.engine !== "nats")
    refuse(
      `names ${hosts.length} hosts, and one is taken.${scheme.engine === "redis" ? " For a Redis Cluster write redis+cluster://HOST:PORT,HOST:PORT." : ""}`,
    );
  return hosts;
}

/** A user without a password may be a token. */
function shown(
  name: string,
  { user, password, hosts, path }: { user?: string | undefined; password?: string | undefined; hosts: readonly Host[]; path: string },
): string {
  const known = user === undefined || user === "" ? "" : password === undefined && name === "nats" ? "***" : user;
  const secret = password === undefined || password === "" ? "" : ":***";
  const who = known + secret === "" ? "" : `${known}${secret}@`;
  return `${name}://${who}${hosts.map(hostText).join(",")}${path}`;
}

/** Such as `127.0.0.1:5432` and `[::1]:5432`. */
export function hostText({ name, port }: Host): string {
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}
