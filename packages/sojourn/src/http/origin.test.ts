import { describe, expect, it } from "vitest";
import { isCrossOrigin, isUnstated, type Provenance } from "./origin.ts";

const post: Provenance = { method: "POST", site: undefined, origin: undefined, host: "shop.example", secure: true };
const allowed = new Set(["https://admin.example"]);
const crosses = (part: Partial<Provenance>): boolean => isCrossOrigin({ ...post, ...part }, allowed);

describe("crossing origins", () => {
  it("is no matter for safe methods", () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "TRACE"]) expect(crosses({ method, site: "cross-site", origin: "https://evil.example" })).toBe(false);
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "get", "QUERY", "", "PROPFIND"]) expect(crosses({ method, site: "cross-site" })).toBe(true);
  });

  // Columns: Sec-Fetch-Site; rows: Origin.
  const sites = ["same-origin", "none", "same-site", "cross-site", "", "Same-Origin", undefined];
  it.each<[string | undefined, (boolean | undefined)[]]>([
    ["https://shop.example", [false, false, true, true, true, true, false]],
    ["https://admin.example", [false, false, false, false, false, false, false]],
    ["https://evil.example", [false, false, true, true, true, true, true]],
    ["http://shop.example", [false, false, true, true, true, true, true]],
    ["https://shop.example:8443", [false, false, true, true, true, true, true]],
    ["https://shop.example.evil.example", [false, false, true, true, true, true, true]],
    ["null", [false, false, true, true, true, true, true]],
    ["", [false, false, true, true, true, true, true]],
    [undefined, [false, false, true, true, true, true, false]],
  ])("with Origin %s", (origin, expected) => expect(sites.map((site) => crosses({ site, origin }))).toEqual(expected));

  it("asks for TLS in the Origin only where TLS is known", () => {
    expect(crosses({ secure: false, origin: "http://shop.example" })).toBe(false);
    expect(crosses({ secure: false, origin: "https://shop.example" })).toBe(false);
    expect(crosses({ secure: true, origin: "http://shop.example" })).toBe(true);
    expect(crosses({ secure: false, host: "Shop.Example:8080", origin: "http://shop.example:8080" })).toBe(false);
    expect(crosses({ host: undefined, origin: "https://shop.example" })).toBe(true);
  });

  it("is unstated when neither header came", () => {
    expect(isUnstated(post)).toBe(true);
    expect(isUnstated({ ...post, origin: "null" })).toBe(false);
    expect(isUnstated({ ...post, site: "none" })).toBe(false);
  });
});
