import { isIPv4 } from "node:net";

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** The name in a Host header, lower case, without its port and brackets; `undefined` when it is none. */
export function nameInHost(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/**
 * Whether a request was meant for this server. A page of another site can make a browser resolve its own name to our address (DNS rebinding),
 * and is then of one origin with us; the Host header still gives its name away. An address is safe: nobody can rebind it.
 * @param arrived the address at which the connection arrived.
 */
export function isOwnHost(header: string | undefined, own: ReadonlySet<string>, arrived: string | undefined): boolean {
  const name = header === undefined ? undefined : nameInHost(header);
  if (name === undefined) return false;
  return own.has(name) || name === arrived?.replace(/^::ffff:/, "");
}

/** The names under which a server on this address is reached. */
export function ownHosts(host: string, allowed: readonly string[]): ReadonlySet<string> {
  const names = isLoopback(host) ? ["localhost", "127.0.0.1", "::1", host] : [host];
  return new Set([...names, ...allowed].map((name) => name.toLowerCase()));
}
