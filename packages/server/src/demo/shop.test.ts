import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { html } from "./html.ts";

afterAll(cleanUp);

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ dev: true, key: "sjk_demo" });
});

interface Visitor {
  cookie: string;
  ask(
    method: string,
    path: string,
    form?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<{ status: number; page: string; headers: Headers }>;
}

/** A visitor who keeps cookies, and follows what a form leads to. */
function visitor(): Visitor {
  const self: Visitor = {
    cookie: "",
    async ask(method, path, form, headers = {}) {
      const response = await fetch(server.address + path, {
        method,
        redirect: "manual",
        headers: { ...(self.cookie === "" ? undefined : { Cookie: self.cookie }), ...headers },
        ...(form === undefined ? undefined : { body: new URLSearchParams(form) }),
      });
      const set = response.headers.get("set-cookie");
      if (set !== null) self.cookie = set.includes("Max-Age=0") ? "" : (set.split(";")[0] ?? "");
      const location = response.headers.get("location");
      return location === null ? { status: response.status, page: await response.text(), headers: response.headers } : self.ask("GET", location);
    },
  };
  return self;
}

const logIn = { name: "ada", password: "sojourn" };

test("looking round makes no session; a cart does", async () => {
  const self = visitor();
  const { ask } = self;
  const { status, page, headers } = await ask("GET", "/demo");
  expect([status, headers.get("set-cookie"), self.cookie]).toEqual([200, null, ""]);
  expect(page).toContain("There is no session yet");
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  expect(headers.get("cache-control")).toContain("private");
  const added = await ask("POST", "/demo/cart", { sku: "tea" });
  expect(added.page).toContain("Mountain tea is in your cart.");
  expect((await ask("GET", "/demo")).page).not.toContain("is in your cart");
});

test("of pieces put in at the same moment none is lost", async () => {
  const { ask } = visitor();
  await ask("POST", "/demo/cart", { sku: "map" });
  await Promise.all(Array.from({ length: 9 }, () => ask("POST", "/demo/cart", { sku: "map" })));
  expect((await ask("GET", "/demo/cart")).page).toContain("<td>10</td>");
  expect((await ask("POST", "/demo/cart/remove", { sku: "map" })).page).toContain("<td>9</td>");
});

test("nobody ends the session of somebody else", async () => {
  const [ada, grace] = [visitor(), visitor()];
  await ada.ask("POST", "/demo/login", logIn);
  await grace.ask("POST", "/demo/login", { ...logIn, name: "grace" });
  const [id = ""] = ada.cookie.replace("sojourn-demo=", "").split(".");
  expect((await grace.ask("POST", "/demo/devices/end", { id })).page).toContain("had ended already");
  expect((await ada.ask("GET", "/demo/devices")).page).toContain("ada is logged in here");
  expect((await visitor().ask("POST", "/demo/devices/end", { id })).page).toContain("<h1>Log in</h1>");
});

test("the shop's sessions are not the API's", async () => {
  const shopper = visitor();
  await shopper.ask("POST", "/demo/login", logIn);
  const token = shopper.cookie.replace("sojourn-demo=", "");
  const headers = { Authorization: "Bearer sjk_demo" };
  expect((await server.call("GET", "/v1/session", { token, headers })).body["code"]).toBe("session_missing");
  expect((await server.call("GET", "/v1/sessions?subject=ada", { headers })).body).toEqual({ sessions: [] });
  expect((await server.call("GET", `/v1/sessions/${token.slice(0, 26)}`, { headers })).status).toBe(404);
});

describe("what is wrong is refused", () => {
  test.each([
    ["POST", "/demo/login", logIn, { Origin: "https://evil.example" }, 403],
    ["POST", "/demo/cart", { sku: "tea" }, { "Sec-Fetch-Site": "cross-site" }, 403],
    ["POST", "/demo/logout", {}, { Origin: "null" }, 403],
    ["POST", "/demo/login", { name: "eve", password: "sojourn" }, {}, 403],
    ["POST", "/demo/login", { name: "ada", password: "x".repeat(9_000) }, {}, 413],
    ["POST", "/demo/cart", { sku: "tea" }, { "Content-Type": "text/plain" }, 415],
    ["GET", "/demo/nothing", undefined, {}, 404],
    ["GET", "/demo/__proto__", undefined, {}, 404],
    ["GET", "/demo/logout", undefined, {}, 405],
    ["DELETE", "/demo/cart", undefined, {}, 405],
  ])("%s %s %j %j: %i", async (method, path, form, headers, status) => {
    const self = visitor();
    const answer = await self.ask(method, path, form, headers);
    expect([answer.status, answer.headers.get("set-cookie"), self.cookie]).toEqual([status, null, ""]);
  });

  test("the style sheet is served, and pages need nothing else", async () => {
    const { headers, page } = await visitor().ask("GET", "/demo/shop.css");
    expect(headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(page).not.toContain("url(");
  });
});

test("what visitors send is text on a page, never markup", () => {
  const { markup } = html`<p title="${`"><script>`}">${"<b>'&"}${html`<i>${1}</i>`}${undefined}${[html`a`, html`b`]}</p>`;
  expect(markup).toBe('<p title="&#34;&#62;&#60;script&#62;">&#60;b&#62;&#39;&#38;<i>1</i>a\nb</p>');
});
