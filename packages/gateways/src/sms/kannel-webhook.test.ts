import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf, parametersOf, receiptOf } from "./kannel-webhook.ts";
import { encodeUdh } from "./segments.ts";
import type { Inbound } from "./transport.ts";

const read = (query: string): Inbound => messageOf(parametersOf(query));
const addresses = "from=%2B358401234567&to=16100";

/** As Kannel escapes: octets other than letters and digits as %XX, a blank as "+". */
function escaped(octets: Uint8Array): string {
  return Array.from(octets, (octet) =>
    octet === 0x20
      ? "+"
      : /[A-Za-z0-9]/.test(String.fromCharCode(octet))
        ? String.fromCharCode(octet)
        : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

const ucs2 = (text: string): Uint8Array => Buffer.from(text, "utf16le").swap16();

/** What Kannel 1.4.5 asked for when an SMPP SMSC gave it messages in these data codings. */
const asked: Readonly<Record<string, readonly [query: string, text: string]>> = {
  "0, the SMSC's alphabet": [
    `${addresses}&text=P%C3%A4iv%C3%A4%C3%A4+%E2%82%AC+%C2%A1%40+%C2%A4%24&coding=0&charset=UTF-8&udh=&time=1795369656`,
    "Päivää € ¡@ ¤$",
  ],
  "1, IA5": [`${addresses}&text=IA5+%40%24&coding=0&charset=UTF-8&udh=&time=1795369657`, "IA5 @$"],
  "3, ISO 8859-1": [`${addresses}&text=P%C3%A4iv%C3%A4%C3%A4&coding=0&charset=UTF-8&udh=&time=1795369657`, "Päivää"],
  "4, octets": [`${addresses}&text=P%E4iv&coding=1&charset=8-BIT&udh=&time=1795369658`, "Päiv"],
  "8, UCS-2": [`${addresses}&text=%04%1F%04%40%048%042%045%04B%00+%D8%3D%DE%00&coding=2&charset=UTF-16BE&udh=&time=1795369657`, "Привет 😀"],
};

describe("a message", () => {
  it.each(Object.entries(asked))("of data coding %s", (_coding, [query, text]) => {
    const time = Number(/time=(\d+)/.exec(query)?.[1]);
    expect(read(`id=d93a52b4-70b0-4359-9fc4-df072e39441c&${query}`)).toEqual({
      id: "d93a52b4-70b0-4359-9fc4-df072e39441c",
      from: "+358401234567",
      to: "16100",
      text,
      part: undefined,
      at: time * 1000,
    });
  });

  it("needs no more than from, to and text", () => {
    expect(read("from=Caf%C3%A9&to=16100&text=")).toEqual({ id: undefined, from: "Café", to: "16100", text: "", part: undefined, at: undefined });
    expect(read("from=1&to=2&text=x&id=&coding=&charset=&udh=&time=&more=%zz&more=2")).toMatchObject({ text: "x", id: undefined, at: undefined });
  });

  it.each<[string, string, string]>([
    ["coding -1 is text", "text=P%C3%A4&coding=-1&charset=UTF-8", "Pä"],
    ["mo-recode has made UTF-8 of UCS-2", "text=%D0%9F&coding=0&charset=utf-8", "П"],
    ["a charset of its own", "text=%80&coding=0&charset=windows-1252", "€"],
    ["UTF-16 said in the charset alone", "text=%04%1F&charset=UTF-16BE", "П"],
    ["octets that are no UTF-8", "text=a%FFb&charset=UTF-8", "a\uFFFDb"],
    ["half a unit at the end", "text=%04%1F%04&coding=2", "П\uFFFD"],
    ["half a pair", "text=%D8%3D%00a&coding=2", "\uFFFDa"],
    ["a byte order mark", "text=%FE%FF%04%1F&coding=2", "П"],
    ["octets in UTF-8", "text=P%C3%A4&coding=1&charset=8-BIT", "Pä"],
    ["a zero octet", "text=a%00b", "a\0b"],
  ])("%s", (_what, query, text) => {
    expect(read(`${addresses}&${query}`).text).toBe(text);
  });

  it("gives back what Kannel escaped", () => {
    const address = fc.string({ unit: fc.constantFrom(...Array.from("+0123456789abcÅ €%&=")), minLength: 1, maxLength: 64 });
    const text = fc.string({ unit: "grapheme", maxLength: 80 });
    fc.assert(
      fc.property(address, address, text, fc.boolean(), fc.nat(), fc.uuid(), (from, to, body, wide, time, id) => {
        const octets = wide ? ucs2(body) : Buffer.from(body);
        const query = `secret=x&id=${id}&from=${escaped(Buffer.from(from))}&to=${escaped(Buffer.from(to))}&text=${escaped(octets)}&coding=${wide ? 2 : 0}&charset=${wide ? "UTF-16BE" : "UTF-8"}&udh=&time=${time}`;
        expect(read(query)).toEqual({ id, from, to, text: body.replace(/^\uFEFF/, ""), part: undefined, at: time * 1000 });
      }),
    );
  });
});

describe("a part of a long message", () => {
  const query = (text: string, udh: Uint8Array, coding: number): string => `${addresses}&text=${text}&coding=${coding}&udh=${escaped(udh)}`;
  const second = { reference: 77, count: 3, index: 2 };

  it("is known as one, by 8 bits of reference and by 16", () => {
    const reference = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(reference, fc.integer({ min: 2, max: 255 }), fc.nat(254), fc.boolean(), (low, count, n, long) => {
        const part = { reference: long ? low << 8 : low, count, index: (n % count) + 1 };
        expect(read(query("abc", encodeUdh({ ...part, referenceBits: long ? 16 : 8 }), 0)).part).toEqual(part);
      }),
    );
  });

  it.each<[string, string, number, string]>([
    ["153 septets", "a".repeat(153), 0, "a"],
    ["76 characters of two septets", escaped(Buffer.from("€".repeat(76))), 0, "%E2%82%AC"],
    ["134 characters of ISO 8859-1", escaped(Buffer.from("ê".repeat(134))), 0, "a"],
    ["134 octets", "a".repeat(134), 1, "a"],
    ["67 units", escaped(ucs2("я".repeat(67))), 2, "%00a"],
  ])("holds %s, and is none with more: Kannel has joined it", (_what, text, coding, more) => {
    const udh = encodeUdh(second);
    expect(read(query(text, udh, coding)).part).toEqual(second);
    expect(read(query(text + more, udh, coding)).part).toBeUndefined();
  });

  it("keeps half a pair, whose other half is in the next part", () => {
    const [first, next] = [ucs2("a\uD83D"), ucs2("\uDE00b")].map((octets, n) =>
      read(query(escaped(octets), encodeUdh({ reference: 1, count: 2, index: n + 1 }), 2)),
    );
    expect(`${first?.text}${next?.text}`).toBe("a😀b");
  });

  it.each<[string, string]>([
    ["ports", "%06%05%04%0B%84%0B%84"],
    ["one part of one", "%05%00%03%4D%01%01"],
    ["part 0", "%05%00%03%4D%02%00"],
    ["part 3 of 2", "%05%00%03%4D%02%03"],
    ["a header that is cut off", "%05%00%03%4D"],
    ["no header at all", "x"],
  ])("is not made of %s", (_what, udh) => {
    expect(read(`${addresses}&text=abc&udh=${udh}`).part).toBeUndefined();
  });
});

describe("a receipt", () => {
  it.each([
    ["1", "delivered"],
    ["2", "failed"],
    ["4", "buffered"],
    ["8", "accepted"],
    ["16", "failed"],
    ["32", "buffered"],
  ])("%s is %s", (state, meaning) => {
    expect(receiptOf(parametersOf(`secret=x&reference=a_B-9&state=${state}`))).toEqual({ reference: "a_B-9", state: meaning });
  });
});

describe("what is malformed is refused by its name", () => {
  const long = "x".repeat(65);
  it.each<[string, string]>([
    ["", "text"],
    ["text=x&to=1", "from"],
    ["text=x&from=1&to=", "to"],
    [`text=x&to=1&from=${long}`, "from"],
    ["text=x&to=1&from=%FF", "from"],
    ["text=x&to=1&from=1%0A2", "from"],
    [`${addresses}&text=x%`, "text"],
    [`${addresses}&text=x%4`, "text"],
    [`${addresses}&text=x%4g`, "text"],
    [`${addresses}&text=%+1`, "text"],
    [`${addresses}&text=\u20AC`, "text"],
    [`${addresses}&text=x&text=y`, "text"],
    [`${addresses}&text=x&from=1`, "from"],
    [`${addresses}&text=x&id=${long}`, "id"],
    [`${addresses}&text=x&id=a%20b`, "id"],
    [`${addresses}&text=x&coding=3`, "coding"],
    [`${addresses}&text=x&coding=%c`, "coding"],
    [`${addresses}&text=x&charset=8-BIT`, "charset"],
    [`${addresses}&text=x&charset=replacement`, "charset"],
    [`${addresses}&text=x&time=-1`, "time"],
    [`${addresses}&text=x&time=1e3`, "time"],
    [`${addresses}&text=x&time=8640000000001`, "time"],
    [`${addresses}&text=x&udh=%zz`, "udh"],
  ])("message %j: %s", (query, name) => {
    expect(() => read(query)).toThrow(expect.objectContaining({ code: "invalid_field", message: expect.stringMatching(new RegExp(`^${name} `)) as string }));
  });

  it.each<[string, string]>([
    ["state=1", "reference"],
    ["reference=&state=1", "reference"],
    [`reference=${long}&state=1`, "reference"],
    ["reference=a%2Fb&state=1", "reference"],
    ["reference=%C3%A4&state=1", "reference"],
    ["reference=a", "state"],
    ["reference=a&state=%d", "state"],
    ["reference=a&state=0", "state"],
    ["reference=a&state=31", "state"],
    ["reference=a&state=constructor", "state"],
  ])("receipt %j: %s", (query, name) => {
    expect(() => receiptOf(parametersOf(query))).toThrow(
      expect.objectContaining({ code: "invalid_field", message: expect.stringMatching(new RegExp(`^${name} `)) as string }),
    );
  });

  it("never tells what was given", () => {
    fc.assert(
      fc.property(fc.constantFrom("from", "to", "text", "id", "coding", "charset", "time"), fc.constantFrom("%", "%0A", "%FF%"), (name, fault) => {
        const base = { from: "1", to: "2", text: "x" };
        const query = Object.entries({ ...base, [name]: `4611686018${fault}` }).map(([key, value]) => `${key}=${value}`);
        try {
          read(query.join("&"));
        } catch (error) {
          expect((error as Error).message).not.toContain("4611686018");
        }
      }),
    );
  });
});
