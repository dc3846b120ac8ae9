import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { deferred } from "./deferred.fixture.ts";
import { isOwnHost, ownHosts } from "./host.ts";
import { listen } from "./http-server.ts";
import type { Log } from "./log.ts";
import { testServer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ allowedHosts: ["Sessions.example.com"] });
});

const silent: Log = { request: () => undefined, info: () => undefined, error: () => undefined };

/** Sends bytes, and gives all that comes back. */
async function send(bytes: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

describe("the name by which a request calls the server", () => {
  test.each([
    ["evil.example", 421],
    ["evil.example:7300", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example", 421],
    ["127.0.0.1@evil.example", 421],
    ["10.0.0.1", 421],
    ["[::2]", 421],
    ["", 421],
    ["localhost", 200],
    ["LOCALHOST:1", 200],
    ["[::1]:7300", 200],
    ["sessions.example.com", 200],
  ])("%j is answered with %i", async (host, status) => {
    const answer = await send(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (status === 421) expect(answer).toContain('"code":"foreign_host"');
  });

  test("counts in the request line too, and more", async () => {
    expect(await send("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 421 /);
    expect(await send("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /);
  });

  test("the address at which the connection arrived is not foreign", () => {
    const own = ownHosts("0.0.0.0", []);
    expect(isOwnHost("10.1.2.3:7300", own, "10.1.2.3")).toBe(true);
    expect(isOwnHost("10.1.2.3:7300", own, "::ffff:10.1.2.3")).toBe(true);
    expect(isOwnHost("10.1.2.4:7300", own, "10.1.2.3")).toBe(false);
    expect(isOwnHost("localhost", own, "10.1.2.3")).toBe(false);
  });
});

describe("bytes that are no request are answered with a problem, and harm nobody", () => {
  test.each([
    ["noise", "\u0016\u0003\u0001 noise\r\n\r\n", 400, "invalid_request"],
    ["a header line without a colon", "GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n", 400, "invalid_request"],
    ["two lengths", "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "invalid_request"],
    ["no Host", "GET /healthz HTTP/1.0\r\n\r\n", 421, "foreign_host"],
    ["a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400, "invalid_request"],
    ["a cookie header of 1 MB", `GET /v1/session HTTP/1.1\r\nHost: localhost\r\nCookie: a=${"x".repeat(1_000_000)}\r\n\r\n`, 431, "header_too_large"],
  ])("%s", async (_, bytes, status, code) => {
    // A server that has heard enough may hang up before all was sent.
    const answer = await send(bytes).catch(() => undefined);
    if (answer !== undefined) expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"code":"${code}"`));
    expect((await server.call("GET", "/healthz")).status).toBe(200);
  });
});

test("stop lets a request under way finish, and takes no new ones", async () => {
  const begun = deferred();
  const go = deferred();
  const { port, stop } = await listen({
    host: "127.0.0.1",
    port: 0,
    hosts: new Set(["127.0.0.1"]),
    log: silent,
    async fetch() {
      begun.resolve();
      await go.promise;
      return new Response("done");
    },
  });
  const answer = fetch(`http://127.0.0.1:${port}/`);
  await begun.promise;
  const stopped = stop(10_000);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
  go.resolve();
  const response = await answer;
  expect([await response.text(), response.headers.get("connection")]).toEqual(["done", "close"]);
  await stopped;
});

test("stop hangs up on a request that does not end", async () => {
  const begun = deferred();
  const { port, stop } = await listen({
    host: "127.0.0.1",
    port: 0,
    hosts: new Set(["127.0.0.1"]),
    log: silent,
    fetch() {
      begun.resolve();
      return new Promise<Response>(() => undefined);
    },
  });
  const answer = fetch(`http://127.0.0.1:${port}/`);
  await begun.promise;
  await Promise.all([expect(answer).rejects.toThrow("fetch failed"), stop(50)]);
});
