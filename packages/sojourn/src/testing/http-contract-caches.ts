import { deepEqual, equal, match } from "node:assert/strict";
import type { HttpCheck, HttpReply } from "./http-contract-harness.ts";
import { jar, onSite } from "./http-contract-scene.ts";

const shared: HttpReply = {
  text: "x",
  headers: {
    "cache-control": "public, max-age=60, s-maxage=600",
    "cdn-cache-control": "max-age=9",
    "surrogate-control": "max-age=9",
    vary: "Accept",
  },
};

/** What caches are told. */
export const cachePromises: Readonly<Record<string, HttpCheck>> = {
  "an answer that used a session is private, is asked for again, and varies": onSite({}, async ({ call }) => {
    const known = jar(await call("POST /count"));
    for (const headers of [{}, known]) {
      const answer = await call("GET /read", headers);
      equal(answer.header("cache-control"), "private, no-cache");
      match(answer.header("vary") ?? "", /(?:^|, )Cookie$/i);
    }
  }),

  "an answer that carries a token is stored by nobody, whatever the application says": onSite(
    {
      routes: {
        "POST /public": async (ask) => {
          (await ask()).set("n", 1);
          return shared;
        },
      },
    },
    async ({ call }) => {
      for (const route of ["POST /count", "POST /login", "POST /public"]) {
        const answer = await call(route);
        deepEqual([answer.cookies.length, answer.header("cache-control")], [1, "no-store"], route);
      }
    },
  ),

  "no shared cache keeps what used a session, whatever the application says": onSite(
    {
      routes: {
        "GET /public": async (ask) => {
          await ask();
          return shared;
        },
        "GET /moved": async (ask) => {
          await ask();
          return { ...shared, redirect: "/read" };
        },
        "GET /same": async (ask) => {
          await ask();
          return { status: 304, headers: { etag: '"1"', "cache-control": "public, max-age=60" } };
        },
      },
    },
    async ({ call }) => {
      const answer = await call("GET /public");
      equal(answer.header("cache-control"), "private, max-age=60");
      match(answer.header("vary") ?? "", /^Accept, Cookie$/i);
      deepEqual([answer.header("cdn-cache-control"), answer.header("surrogate-control")], [undefined, undefined]);
      equal((await call("GET /moved")).header("cache-control"), "private, max-age=60");
      const same = await call("GET /same");
      deepEqual([same.status, same.header("cache-control"), same.header("etag")], [304, "private, max-age=60", '"1"']);
    },
  ),

  "an answer that used no session keeps what the application says": onSite({ routes: { "GET /public": () => shared } }, async ({ call }) => {
    const known = jar(await call("POST /count"));
    const answer = await call("GET /public", known);
    equal(answer.header("cache-control"), "public, max-age=60, s-maxage=600");
    equal(answer.header("vary"), "Accept");
    equal(answer.header("surrogate-control"), "max-age=9");
  }),

  "an error page that used a session is private as well": onSite(
    {
      routes: {
        "GET /wrong": async (ask) => {
          await ask();
          return { status: 404, text: "none of yours" };
        },
      },
    },
    async ({ call }) => {
      const answer = await call("GET /wrong");
      deepEqual([answer.status, answer.header("cache-control")], [404, "private, no-cache"]);
    },
  ),
};
