import { deepEqual, equal, match } from "node:assert/strict";
import type { HttpCheck } from "./http-contract-harness.ts";
import { defaultCookie, jar, json, onSite } from "./http-contract-scene.ts";

const foreign: readonly Readonly<Record<string, string>>[] = [
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { origin: "https://evil.example" },
  { origin: "null" },
  { "sec-fetch-site": "cross-site", origin: "https://shop.example" },
];
const welcome: readonly Readonly<Record<string, string>>[] = [
  { "sec-fetch-site": "same-origin" },
  { "sec-fetch-site": "none" },
  { origin: "https://shop.example" },
  { "sec-fetch-site": "cross-site", origin: "https://admin.example" },
  {},
];

/** Requests that pages of other origins send. */
export const originPromises: Readonly<Record<string, HttpCheck>> = {
  "an unsafe request of another origin's page: 403 before the handler, with or without a cookie (log-in CSRF)": async (harness) => {
    let reached = 0;
    await onSite(
      {
        origins: ["https://admin.example"],
        carriers: [defaultCookie, { by: "bearer" }],
        routes: {
          "POST /act": () => {
            reached += 1;
            return { text: "done" };
          },
        },
      },
      async ({ call, calls }) => {
        const login = await call("POST /login");
        calls.length = 0;
        for (const headers of foreign) {
          for (const more of [{}, jar(login)]) {
            const answer = await call("POST /act", { ...headers, ...more });
            deepEqual([answer.status, answer.cookies, json(answer).code], [403, [], "cross_site"]);
            match(answer.header("vary") ?? "", /Sec-Fetch-Site.*Origin/i);
          }
        }
        deepEqual([reached, calls], [0, []]);
        for (const headers of welcome) equal((await call("POST /act", { ...headers, ...jar(login) })).status, 200, JSON.stringify(headers));
        equal((await call("POST /act", { "sec-fetch-site": "cross-site", authorization: "Bearer x.y" })).status, 200);
        equal(reached, welcome.length + 1);
      },
    )(harness);
  },

  "a safe request may come from anywhere": onSite({}, async ({ call }) => {
    const known = jar(await call("POST /login"));
    for (const headers of foreign) equal(json(await call("GET /read", { ...headers, ...known })).subject, "alice");
  }),

  "SameSite=None: an unsafe request that says nothing of its origin is refused too": onSite(
    { carriers: [{ ...defaultCookie, sameSite: "None" }] },
    async ({ call }) => {
      equal((await call("POST /count")).status, 403);
      equal((await call("POST /count", { origin: "https://shop.example" })).status, 200);
    },
  ),
};
