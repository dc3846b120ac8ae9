import { SojournError } from "../core/errors.ts";
import { addressBlock, addressOctets, addressText, isWithin } from "./ip-address.ts";

/** What the proxies in front are believed to say of a request. */
export interface TrustedProxies {
  /** The client's IP address, as far as it is known. Any spelling becomes one. */
  address(said: Forwarding): string | undefined;
  /** Whether the client came over TLS; `undefined` when no trusted proxy says so. */
  secure(said: Forwarding): boolean | undefined;
}

/** Where a request seems to come from. */
export interface Forwarding {
  /** The address at the other end of the connection, which cannot be forged. Not known everywhere (Fetch). */
  readonly peer: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
}

/**
 * Which proxies stand between the client and this server, each of which appends to X-Forwarded-For the address that it saw and sets X-Forwarded-Proto.
 * All to the left of what they wrote is the client's own text and is not believed. Without this setting neither field is read at all.
 *
 * - A number: so many proxies, whatever their addresses. Whoever can reach this server around them can write anything.
 * - Addresses and blocks (`"10.0.0.0/8"`, `"2001:db8::/32"`): from the connection leftwards as long as the address is in one of them.
 *
 * RFC 7239 `Forwarded` is not read: a proxy that does not know it passes on the client's own.
 * @throws {SojournError} `invalid_option`
 */
export function trustedProxies(trusted: number | readonly string[]): TrustedProxies {
  const hops = typeof trusted === "number" ? checkHops(trusted) : undefined;
  const blocks = typeof trusted === "number" ? [] : trusted.map(checkBlock);

  /** The client's octets, and how many proxies stand before it. */
  function walk({ peer, forwardedFor }: Forwarding): { octets: Uint8Array | undefined; passed: number } {
    let octets = peer === undefined ? undefined : octetsOf(peer);
    let rest = forwardedFor ?? "";
    let passed = 0;
    while (rest !== "" && (hops === undefined ? isTrusted(octets, peer, passed) : passed < hops)) {
      const comma = rest.lastIndexOf(",");
      octets = octetsOf(rest.slice(comma + 1));
      rest = comma === -1 ? "" : rest.slice(0, comma);
      passed += 1;
    }
    return { octets, passed };
  }

  function isTrusted(octets: Uint8Array | undefined, peer: string | undefined, passed: number): boolean {
    // With a peer that nobody can tell (Fetch), what stands last was written by the platform in front.
    if (octets === undefined) return peer === undefined && passed === 0;
    return blocks.some((block) => isWithin(octets, block));
  }

  return {
    address(said) {
      const { octets } = walk(said);
      return octets === undefined ? undefined : addressText(octets);
    },
    secure(said) {
      const { forwardedProto } = said;
      if (forwardedProto === undefined) return undefined;
      const believed = hops ?? walk(said).passed;
      if (believed === 0) return undefined;
      // One value: the proxy that ended TLS set it and the others left it. A list: each appended its own, as with addresses.
      let rest = forwardedProto;
      for (let passed = 1; passed < believed && rest.includes(","); passed += 1) rest = rest.slice(0, rest.lastIndexOf(","));
      const proto = rest
        .slice(rest.lastIndexOf(",") + 1)
        .trim()
        .toLowerCase();
      return proto === "https" ? true : proto === "http" ? false : undefined;
    },
  };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`, each perhaps in quotes. */
function octetsOf(entry: string): Uint8Array | undefined {
  if (entry.length > 128) return undefined;
  const match = /^[ \t]*("?)(?:\[([0-9a-fA-F:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}|([0-9a-fA-F:.]+))\1[ \t]*$/.exec(entry);
  const text = match?.[2] ?? match?.[3] ?? match?.[4];
  return text === undefined ? undefined : addressOctets(text);
}

function checkHops(hops: number): number {
  if (Number.isInteger(hops) && hops >= 1 && hops <= 32) return hops;
  throw new SojournError(
    "invalid_option",
    `trustedProxies: ${hops} is not a number of proxies. Give 1 to 32, or a list of addresses such as ["10.0.0.0/8"]; leave client out when there is no proxy.`,
  );
}

function checkBlock(text: string): ReturnType<typeof addressBlock> & object {
  const block = addressBlock(text);
  if (block !== undefined) return block;
  throw new SojournError(
    "invalid_option",
    `trustedProxies: ${JSON.stringify(text)} is not an address or a block. Give texts such as "10.0.0.0/8", "192.0.2.7" or "2001:db8::/32".`,
  );
}
