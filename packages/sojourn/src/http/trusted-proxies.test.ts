import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trustedProxies, type Forwarding } from "./trusted-proxies.ts";

const said = (peer: string | undefined, forwardedFor?: string, forwardedProto?: string): Forwarding => ({ peer, forwardedFor, forwardedProto });
const proxy = "10.0.0.1";

describe("a number of proxies", () => {
  it.each([
    [1, proxy, "203.0.113.9", "203.0.113.9"],
    [1, proxy, "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    [1, proxy, "1.1.1.1,2.2.2.2 ,\t203.0.113.9 ", "203.0.113.9"],
    [2, proxy, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"],
    [2, proxy, "203.0.113.9", "203.0.113.9"],
    [1, proxy, undefined, proxy],
    [1, proxy, "", proxy],
    [1, proxy, "203.0.113.9:4711", "203.0.113.9"],
    [1, proxy, "[2001:db8::9]:4711", "2001:db8::9"],
    [1, proxy, '"[2001:DB8::9]"', "2001:db8::9"],
    [1, proxy, "2001:db8:0:0::9", "2001:db8::9"],
    [1, "::ffff:10.0.0.1", undefined, proxy],
    [1, proxy, "unknown", undefined],
    [1, proxy, "203.0.113.9, ", undefined],
    [1, proxy, "_hidden, <script>", undefined],
    [1, undefined, "1.1.1.1, 203.0.113.9", "203.0.113.9"],
  ] as const)("%i: %s says %j: %s", (hops, peer, forwardedFor, address) => expect(trustedProxies(hops).address(said(peer, forwardedFor))).toBe(address));
});

describe("addresses of proxies", () => {
  const { address } = trustedProxies(["10.0.0.0/8", "2001:db8:aa::/48"]);
  it.each([
    ["198.51.100.1", "203.0.113.9", "198.51.100.1"],
    [proxy, "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    [proxy, "1.1.1.1, 203.0.113.9, 10.9.9.9, 2001:db8:aa::7", "203.0.113.9"],
    [proxy, "10.3.3.3, 10.2.2.2", "10.3.3.3"],
    [proxy, "1.1.1.1, nonsense", undefined],
    [undefined, "203.0.113.9", "203.0.113.9"],
    [undefined, undefined, undefined],
  ])("%s says %j: %s", (peer, forwardedFor, expected) => expect(address(said(peer, forwardedFor))).toBe(expected));
});

describe("whatever the client writes itself", () => {
  it("changes neither its address nor the scheme", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("127.0.0.1", "10.0.0.9", "10.0.0.9, 10.0.0.8", ",,,,", "[", '"', "::1"),
    );
    fc.assert(
      fc.property(
        hostile,
        fc.ipV4().filter((a) => !a.startsWith("10.")),
        hostile,
        (own, client, ownProto) => {
          const appended = said(proxy, `${own}, ${client}`, `${ownProto},http`);
          for (const proxies of [trustedProxies(1), trustedProxies(["10.0.0.0/8"])]) {
            expect(proxies.address(appended)).toBe(client);
            expect(proxies.secure(appended)).toBe(false);
          }
          const direct = said(client, own, ownProto);
          expect(trustedProxies(["10.0.0.0/8"]).address(direct)).toBe(client);
          expect(trustedProxies(["10.0.0.0/8"]).secure(direct)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  it("costs no more than the hops that are trusted", () => {
    expect(trustedProxies(1).address(said(proxy, `${"1.1.1.1,".repeat(200_000)} 203.0.113.9`))).toBe("203.0.113.9");
    expect(trustedProxies(1).address(said(proxy, " ".repeat(1_000_000)))).toBeUndefined();
  });
});

describe("scheme", () => {
  it("is the one that the proxy which ended TLS set", () => {
    expect(trustedProxies(1).secure(said(proxy, undefined, "https"))).toBe(true);
    expect(trustedProxies(1).secure(said(proxy, undefined, " HTTPS "))).toBe(true);
    expect(trustedProxies(1).secure(said(proxy, undefined, "https, http"))).toBe(false);
    expect(trustedProxies(2).secure(said(proxy, undefined, "https, http"))).toBe(true);
    expect(trustedProxies(2).secure(said(proxy, undefined, "https"))).toBe(true);
    expect(trustedProxies(1).secure(said(proxy, undefined, "ftp"))).toBeUndefined();
    expect(trustedProxies(1).secure(said(proxy))).toBeUndefined();
  });
});

it("refuses settings that mean nothing", () => {
  for (const given of [0, -1, 1.5, Number.NaN, 33, ["10.0.0.0/40"], ["proxy.internal"], [""]]) {
    expect(() => trustedProxies(given)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  }
});
