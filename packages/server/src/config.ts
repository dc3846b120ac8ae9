import { resolve } from "node:path";
import { isLoopback, nameInHost } from "./host.ts";
import { StartFailure } from "./start-failure.ts";

/** What `sojournd serve` was told on its command line. */
export interface ServeFlags {
  readonly dev?: boolean | undefined;
  readonly behindTls?: boolean | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly data?: string | undefined;
  readonly allowedHost?: readonly string[] | undefined;
}

/** What it is to do. */
export interface ServeSettings {
  readonly dev: boolean;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absolute path. */
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
    allowedHosts: (flags.allowedHost ?? []).map(checkAllowed),
    key: given(environment, "SOJOURN_KEY"),
  };
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

function checkAllowed(name: string): string {
  if (nameInHost(name) !== undefined && !name.includes(":")) return name;
  throw new StartFailure(`--allowed-host is ${JSON.stringify(name)}. Give a host name without scheme and port, such as sessions.example.com.`);
}
