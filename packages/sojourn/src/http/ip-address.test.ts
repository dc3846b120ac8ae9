import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBlock, addressOctets, addressText, isWithin } from "./ip-address.ts";

const v4 = fc.ipV4();
const v6 = fc.ipV6();
const nearly = fc.oneof(
  v4,
  v6,
  fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
  fc.stringMatching(/^[0-9.]{1,16}$/),
  fc.tuple(v6, v4).map(([a, b]) => `${a.split(":").slice(0, 6).join(":")}:${b}`),
);

describe("addresses", () => {
  it("takes exactly what the platform takes", () => {
    fc.assert(
      fc.property(nearly, (text) => {
        expect(addressOctets(text) !== undefined, text).toBe(isIP(text) !== 0);
      }),
      { numRuns: 2000 },
    );
  });

  it("has one spelling for each", () => {
    for (const text of ["2001:DB8:0:0:0:0:0:1", "2001:db8::1", "2001:0db8::0.0.0.1"])
      expect(addressText(addressOctets(text) as Uint8Array)).toBe("2001:db8::1");
    for (const text of ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"]) expect(addressText(addressOctets(text) as Uint8Array)).toBe("192.0.2.1");
    expect(addressText(addressOctets("::") as Uint8Array)).toBe("::");
    expect(addressText(addressOctets("1:0:0:2:0:0:0:3") as Uint8Array)).toBe("1:0:0:2::3");
    fc.assert(
      fc.property(fc.oneof(v4, v6), (text) => {
        const octets = addressOctets(text) as Uint8Array;
        expect(addressOctets(addressText(octets))).toEqual(octets);
        if (octets.length === 16) expect(`http://[${addressText(octets)}]/`).toBe(new URL(`http://[${text}]/`).href);
      }),
    );
  });

  it.each([
    "fe80::1%eth0",
    "010.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "1::2::3",
    "::1.2.3",
    ":::",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    " 1.2.3.4",
    "1.2.3.4\n",
    "unknown",
    "٣.1.1.1",
  ])("refuses %j", (text) => expect(addressOctets(text)).toBeUndefined());
});

describe("blocks", () => {
  it("holds what has its leading bits", () => {
    const within = (address: string, block: string): boolean =>
      isWithin(addressOctets(address) as Uint8Array, addressBlock(block) as NonNullable<ReturnType<typeof addressBlock>>);
    expect(within("10.255.0.1", "10.0.0.0/8")).toBe(true);
    expect(within("11.0.0.1", "10.0.0.0/8")).toBe(false);
    expect(within("192.0.2.129", "192.0.2.128/25")).toBe(true);
    expect(within("192.0.2.127", "192.0.2.128/25")).toBe(false);
    expect(within("8.8.8.8", "0.0.0.0/0")).toBe(true);
    expect(within("::1", "0.0.0.0/0")).toBe(false);
    expect(within("2001:db8:1::5", "2001:db8::/32")).toBe(true);
    expect(within("2001:db9::5", "2001:db8::/32")).toBe(false);
    expect(within("::ffff:10.1.2.3", "10.0.0.0/8")).toBe(true);
    expect(within("10.1.2.3", "::ffff:10.0.0.0/104")).toBe(true);
    expect(within("192.0.2.7", "192.0.2.7")).toBe(true);
    expect(within("192.0.2.8", "192.0.2.7")).toBe(false);
  });

  it.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "::ffff:10.0.0.0/8", "localhost", ""])("refuses %j", (text) =>
    expect(addressBlock(text)).toBeUndefined(),
  );
});
