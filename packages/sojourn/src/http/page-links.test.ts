import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkWith } from "./page-links.ts";
import { refreshUrl } from "./page-refresh.ts";
import { queryValue } from "./parameters.ts";

const token = "01hv0000000000000000000000.abcdefghijklmnopqrstuvwxyz012345";
const page = new URL("https://shop.example/a/b?q=1");
const link = (reference: string, base: URL = page): string | undefined => linkWith(reference, base, { name: "sid", token, page });
const t = `sid=${token}`;

describe("a link of the page's own origin", () => {
  it.each([
    ["/x", `/x?${t}`],
    ["x", `x?${t}`],
    ["../x?a=1", `../x?a=1&${t}`],
    ["?a=1&b=2#top", `?a=1&b=2&${t}#top`],
    ["/x#y?z", `/x?${t}#y?z`],
    ["", `?q=1&${t}`],
    ["https://shop.example/x", `https://shop.example/x?${t}`],
    ["HTTPS://SHOP.EXAMPLE:443/x", `HTTPS://SHOP.EXAMPLE:443/x?${t}`],
    ["//shop.example/x", `//shop.example/x?${t}`],
    [" \n/x\t ", `/x?${t}`],
    ["/x?sid=old", `/x?${t}`],
    ["/x?sid=old&a=1&sid=older&%73id=x", `/x?a=1&${t}`],
    ["/x?sid", `/x?${t}`],
    ["/x?sidney=1", `/x?sidney=1&${t}`],
    ["/x?&&a", `/x?a&${t}`],
    ["/x??%73id=1", `/x??%73id=1&${t}`],
    ["/x??sid=1", `/x??sid=1&${t}`],
    ["/s\u00f6k?\u00e9=1", `/s\u00f6k?\u00e9=1&${t}`],
    ["\\x", `\\x?${t}`],
  ])("%j becomes %j", (reference, expected) => expect(link(reference)).toBe(expected));

  it.each([["#top"], ["#"], ["/a/b?q=1#x"], ["?q=1#x"]])("%j leads to a place in the page itself and stays", (reference) =>
    expect(link(reference)).toBeUndefined(),
  );
});

it.each([
  ["/x?sid=a", "a"],
  ["/x?a=1&%73id=a#sid=b", "a"],
  ["/x?sid=a&sid=a", "a"],
  ["/x?sid=a&sid=b", undefined],
  ["/x??sid=a", undefined],
  ["/x", undefined],
])("the parameter of %j is %j", (url, value) => {
  expect(queryValue(url, "sid")).toBe(value);
  // As the platform reads the same URL.
  const all = new Set(new URL(url, page).searchParams.getAll("sid"));
  expect(all.size === 1 ? [...all][0] : undefined).toBe(value);
});

const hostile = [
  "//evil.example/x",
  "https://evil.example",
  "http://shop.example/x",
  "https://shop.example:8443/x",
  "https://shop.example.evil.example/",
  "https://shop.example@evil.example/",
  "https://user:pw@shop.example/",
  "/\\evil.example",
  "\\\\evil.example/x",
  "/\t/evil.example",
  "/\n\\evil.example",
  "https:\\\\evil.example",
  "\u0001//evil.example",
  "https:/\u0009/evil.example",
  "////evil.example",
  "https:////evil.example",
  "javascript:alert(1)",
  " java\nscript:alert(1)",
  "data:text/html,x",
  "mailto:a@shop.example",
  "tel:1",
  "blob:https://shop.example/1",
  "about:blank",
  "ftp://shop.example/",
  "file:///x",
  "http://[",
  "https://shop\u3002example.evil/",
];
it.each(hostile)("%j is given nothing", (reference) => expect(link(reference)).toBeUndefined());

it("whatever the text, what is given a token is the same place of the own origin with that one parameter", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    "?",
    "#",
    "&",
    "=",
    ";",
    "%",
    "sid",
    "%73id",
    ":",
    "@",
    "..",
    ".",
    "evil.example",
    "shop.example",
    "https:",
    "\t",
    "\n",
    " ",
    "a",
    "\u00e9",
    "\0",
    "[",
    "|",
    "+",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
        fc.string({ unit: "binary" }),
        fc.webUrl(),
      ),
      (reference) => {
        const given = link(reference);
        if (given === undefined) return;
        const [before, after] = [new URL(reference, page), new URL(given, page)];
        expect([after.origin, after.pathname, after.hash]).toEqual([page.origin, before.pathname, before.hash]);
        expect(after.searchParams.getAll("sid")).toEqual([token]);
        before.searchParams.delete("sid");
        after.searchParams.delete("sid");
        expect([...after.searchParams]).toEqual([...before.searchParams]);
      },
    ),
    { numRuns: 5_000 },
  );
});

describe("the URL of a refresh", () => {
  it.each([
    ["5; url=/x", "/x"],
    ["5;URL='/x'", "/x"],
    ['0, url = "/x" y', "/x"],
    ["1 /x", "/x"],
    [".5;url=/x", "/x"],
    ["5;urlx=/y", "urlx=/y"],
    [`5;url${" ".repeat(2_000)}=//evil.example`, "//evil.example"],
    ["5; url='/x", "/x"],
  ])("%j", (content, url) => {
    const found = refreshUrl(content);
    expect(found?.url).toBe(url);
    expect(content.slice(found?.start, found?.end)).toBe(url);
  });
  it.each(["", "5", "x; url=/x", "5;", " 5 ; ", "5x"])("%j has none", (content) => expect(refreshUrl(content)).toBeUndefined());
});
