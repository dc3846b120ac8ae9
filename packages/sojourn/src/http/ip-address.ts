/**
 * The octets of an IP address: 4, or 16. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) gives its 4, so that it has one spelling.
 * Zones (`%eth0`) belong to one machine and are refused, as is anything else that is not exactly an address (RFC 4291 §2.2, dotted decimal without leading zeros).
 */
export function addressOctets(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(":")) {
    const four = dotted(text);
    return four === undefined ? undefined : Uint8Array.from(four);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 1 ? [] : groups(halves[1] as string, true);
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined;
  const octets = new Uint8Array(16);
  octets.set(head);
  octets.set(tail, 16 - tail.length);
  return isMapped(octets) ? octets.slice(12) : octets;
}

/** The one spelling of an address: dotted decimal, or RFC 5952 text. */
export function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const words = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] as number) << 8) | (octets[2 * i + 1] as number));
  let longest = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (at + length < 8 && words[at + length] === 0) length += 1;
    if (length > longest.length) longest = { at, length };
  }
  const hex = words.map((word) => word.toString(16));
  if (longest.at === -1) return hex.join(":");
  return `${hex.slice(0, longest.at).join(":")}::${hex.slice(longest.at + longest.length).join(":")}`;
}

/** A block of addresses. */
export interface AddressBlock {
  readonly octets: Uint8Array;
  /** How many leading bits count. */
  readonly bits: number;
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function addressBlock(text: string): AddressBlock | undefined {
  const slash = text.indexOf("/");
  const octets = addressOctets(slash === -1 ? text : text.slice(0, slash));
  if (octets === undefined) return undefined;
  if (slash === -1) return { octets, bits: octets.length * 8 };
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // A mapped block counts its bits from the front of the sixteen octets.
  const bits = Number(length) - (octets.length === 4 && text.includes(":") ? 96 : 0);
  return bits < 0 || bits > octets.length * 8 ? undefined : { octets, bits };
}

export function isWithin(octets: Uint8Array, block: AddressBlock): boolean {
  if (octets.length !== block.octets.length) return false;
  let left = block.bits;
  for (let i = 0; left > 0; i += 1, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if (((octets[i] as number) & mask) !== ((block.octets[i] as number) & mask)) return false;
  }
  return true;
}

function dotted(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const octets: number[] = [];
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    octets.push(Number(part));
  }
  return octets;
}

function groups(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === "") return [];
  const octets: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (mayEndDotted && i === parts.length - 1 && part.includes(".")) {
      const four = dotted(part);
      if (four === undefined) return undefined;
      octets.push(...four);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      const word = Number.parseInt(part, 16);
      octets.push(word >> 8, word & 0xff);
    }
  }
  return octets.length > 16 ? undefined : octets;
}

function isMapped(octets: Uint8Array): boolean {
  for (let i = 0; i < 10; i += 1) if (octets[i] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}
