import fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicAddress } from "./public-address.ts";
import { RefusedTarget, targetOf } from "./target.ts";

/** From the registries, with first and last address of each. */
const private4 = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "255.255.255.255"],
] as const;
const asNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const asText = (number: number): string => [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
const fromPrivate = fc.oneof(...private4.map(([first, last]) => fc.integer({ min: asNumber(first), max: asNumber(last) })));

/** All spellings that a URL, or `inet_aton`, takes for one address. */
const spelt = (number: number): fc.Arbitrary<string> => {
  const parts = asText(number).split(".").map(Number);
  const part = (value: number): fc.Arbitrary<string> =>
    fc.constantFrom(String(value), `0x${value.toString(16)}`, `0X${value.toString(16).toUpperCase()}`, `0${value.toString(8)}`, `0x000${value.toString(16)}`);
  return fc
    .integer({ min: 1, max: 4 })
    .chain((count) =>
      fc
        .tuple(...parts.slice(0, count - 1).map(part), part(parts.slice(count - 1).reduce((sum, value) => sum * 256 + value, 0)))
        .map((texts) => texts.join(".")),
    )
    .chain((text) => fc.constantFrom(text, `${text}.`, Buffer.from(text).toString("hex").replaceAll(/../g, "%$&"), text.replaceAll(".", "\u3002")));
};

test("no private IPv4 address is public, and its neighbours are", () => {
  fc.assert(
    fc.property(fromPrivate, (number) => {
      expect(isPublicAddress(asText(number)), asText(number)).toBe(false);
    }),
  );
  for (const [first, last] of private4) {
    for (const edge of [first, last]) expect(isPublicAddress(edge), edge).toBe(false);
    for (const beside of [asNumber(first) - 1, asNumber(last) + 1]) {
      const known = beside < 0 || beside > 0xffffffff || private4.some(([from, to]) => beside >= asNumber(from) && beside <= asNumber(to));
      if (!known && !asText(beside).startsWith("192.0.3")) expect(isPublicAddress(asText(beside)), asText(beside)).toBe(true);
    }
  }
  for (const address of ["8.8.8.8", "1.1.1.1", "172.32.0.1", "172.15.255.255", "100.128.0.0", "192.169.0.1"]) expect(isPublicAddress(address)).toBe(true);
});

test("a URL with a private address is refused in all its spellings, also where the scheme is right", () => {
  fc.assert(
    fc.property(fromPrivate.chain(spelt), fc.constantFrom("https", "HTTPS"), fc.constantFrom("", ":443", ":8443"), (host, scheme, port) => {
      const text = `${scheme}://${host}${port}/`;
      if (URL.canParse(text)) expect(() => targetOf(text, ["hooks.internal"]), text).toThrow(RefusedTarget);
    }),
    { numRuns: 2_000 },
  );
});

test("no IPv6 address leads to a private IPv4 one, in whatever clothes", () => {
  fc.assert(
    fc.property(fromPrivate, fc.constantFrom("::ffff:", "::", "64:ff9b::", "::ffff:0:", "64:ff9b:1::"), (number, prefix) => {
      const address = `${prefix}${asText(number)}`;
      expect(isPublicAddress(address), address).toBe(false);
      expect(() => targetOf(`https://[${address}]/`, [])).toThrow(RefusedTarget);
      const [high, low] = [Math.floor(number / 65_536).toString(16), (number % 65_536).toString(16)];
      expect(isPublicAddress(`2002:${high}:${low}::1`)).toBe(false);
    }),
  );
});

test.each([
  "::",
  "::1",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
  "fec0::1",
  "fc00::1",
  "fdff:ffff::1",
  "ff02::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
  "4000::1",
  "2a00::1%eth0",
  "",
  "localhost",
  "0x7f.1",
  "127.1",
  "8.8.8",
  "008.8.8.8",
  " 8.8.8.8",
  "8.8.8.8:443",
])("%j is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(["2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1", "2001:200::1"])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
  expect(targetOf(`https://[${address}]/x`, []).named).toBe(false);
});

test("plain http and private addresses are for hosts that are named, by their whole name", () => {
  expect(targetOf("http://hooks.internal:8080/x", ["HOOKS.internal"]).named).toBe(true);
  expect(targetOf("http://127.1/x", ["127.0.0.1"]).named).toBe(true);
  expect(targetOf("http://[0:0::1]/x", ["::1"]).named).toBe(true);
  expect(targetOf("http://[::1]/x", ["[::1]"]).named).toBe(true);
  for (const url of ["http://hooks.internal.example.com/", "http://x.hooks.internal/", "http://hooks.internal@example.com/", "http://127.0.0.1/"])
    expect(() => targetOf(url, ["hooks.internal"]), url).toThrow(RefusedTarget);
});
