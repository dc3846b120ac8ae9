import { BlockList, isIP } from "node:net";

/** Not for everybody, by IANA's registries of special-purpose addresses (RFC 6890): private, of this machine, of this link, for many, for documentation. */
const special4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

/** Of what is global unicast (2000::/3): Teredo and other protocols, documentation, IPv4 in 6to4's clothes. */
const special6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
] as const;

const refused = new BlockList();
for (const [network, bits] of special4) refused.addSubnet(network, bits, "ipv4");
for (const [network, bits] of special6) refused.addSubnet(network, bits, "ipv6");
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an IP address is one that the whole Internet reaches. What is no such address for certain is none: IPv4 in IPv6 clothes (mapped, NAT64, 6to4), zones, and
 * whatever is no IP address in its usual spelling.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refused.check(address, "ipv4");
    case 6:
      return !address.includes("%") && global6.check(address, "ipv6") && !refused.check(address, "ipv6");
    default:
      return false;
  }
}
