import cookieSessionMiddleware from "cookie-session";
import express from "express";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cookieSession } from "./cookie-session.ts";
import { anyData, cleaned, describeHostileInput, nested, poisoned } from "./hostile-input.fixture.ts";

const keys = ["the newest key", "the one before"];
const name = "shop";
let server: Server;

beforeAll(async () => {
  const app = express();
  app.use(express.json({ limit: "1mb" }));
  app.post("/:name/:key", (request, response, next) => {
    cookieSessionMiddleware({ name: request.params.name, keys: [request.params.key] })(request, response, next);
  });
  app.post("/:name/:key", (request, response) => {
    request.session = request.body as typeof request.session;
    response.end();
  });
  server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterAll(() => void server.close());

/** The cookies that cookie-session sets for this data, joined by the carrier. */
async function made(data: unknown, key: string = keys[0]!, cookie: string = name): Promise<string> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${cookie}/${encodeURIComponent(key)}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(data), headers: { "content-type": "application/json" } });
  const values = Object.fromEntries(answer.headers.getSetCookie().map((line) => /^([^=]*)=([^;]*)/.exec(line)!.slice(1) as [string, string]));
  expect(Object.keys(values)).toEqual([cookie, `${cookie}.sig`]);
  return `${values[cookie]}.${values[`${cookie}.sig`]}`;
}

/** The same by hand, of any value. */
function signed(value: string): string {
  return `${value}.${createHmac("sha1", keys[0]!).update(`${name}=${value}`).digest("base64url")}`;
}
function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const reader = cookieSession({ keys, name, subject: ({ user }) => (typeof user === "string" ? user : undefined) });

describeHostileInput(async () => ({
  open: (text) => reader.open(text, Date.now()),
  texts: [await made({ user: "ada" }), await made({ user: "bob", cart: ["pear"] })],
  large: (data) => signed(base64(JSON.stringify(data))),
}));

describe("cookie-session's own", () => {
  test("cookies are read, whichever of the keys signed them", async () => {
    for (const key of keys) {
      const text = await made({ user: "ada", cart: ["pear", "Käse ✓"] }, key);
      expect(await reader.open(text, Date.now())).toEqual({ data: { user: "ada", cart: ["pear", "Käse ✓"] }, subject: "ada" });
    }
  });

  test("cookies of another key, or of another cookie's name, are refused", async () => {
    expect(await reader.open(await made({ user: "ada" }, "a stranger's"), Date.now())).toBeUndefined();
    expect(await reader.open(await made({ user: "ada" }, keys[0], "cart"), Date.now())).toBeUndefined();
    expect(await cookieSession({ keys, name: "cart" }).open(await made({ user: "ada" }), Date.now())).toBeUndefined();
  });

  test("data of any kind comes back", async () => {
    await fc.assert(
      fc.asyncProperty(anyData, async (data) => {
        fc.pre(
          Object.keys(data).length > 0 &&
            typeof data["user"] !== "string" &&
            !Object.keys(data).some((key) => key in { isChanged: 1, isNew: 1, isPopulated: 1 } || key in Object.prototype || key === "_ctx"),
        );
        expect((await reader.open(await made(data), Date.now()))?.data).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });
});

describe("what the key signed and nobody could have meant", () => {
  const open = async (json: string) => reader.open(signed(base64(json)), Date.now());

  test("loses what could change other objects", async () => {
    const foreign = await open(JSON.stringify(poisoned()));
    expect(JSON.stringify(foreign?.data)).toBe(JSON.stringify(cleaned));
    expect(foreign?.subject).toBe("ada");
  });

  test("is refused when it is too deep, no object, no JSON or no UTF-8", async () => {
    expect(await open("{}")).toEqual({ data: {} });
    expect((await open(JSON.stringify(nested(64))))?.data).toEqual(nested(64));
    for (const json of [JSON.stringify(nested(65)), `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "[1]", "1", "null", '"text"', "", "{", "{a:1}"]) {
      expect(await open(json)).toBeUndefined();
    }
    expect(await reader.open(signed(Buffer.from('{"a":"\xff"}', "latin1").toString("base64")), Date.now())).toBeUndefined();
    for (const value of ["e30", "e31=", "_30=", "e30= "]) expect(await reader.open(signed(value), Date.now())).toBeUndefined();
  });
});

test.each([
  ["keys is", { keys: [], name }],
  ["keys[1]", { keys: ["a", ""], name }],
  ["name is", { keys, name: "" }],
  ["name is", { keys, name: "a;b" }],
])("%s refused by name", (what, options) => {
  expect(() => cookieSession(options)).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(what) as string }));
});
