import type { HttpBindings } from "@hono/node-server";
import { createSessions, SojournError } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { fakeClock } from "sojourn/testing";
import { expect, test } from "vitest";
import { createApp } from "../app.ts";
import { authorizer } from "../authorize.ts";
import { backgroundWork } from "../background.ts";
import type { ServeSettings } from "../config.ts";
import { repeatsOf } from "../idempotency.ts";
import { keysOf, newKey } from "../keys.ts";
import type { Log } from "../log.ts";
import { rateLimits } from "../rate-limits.ts";
import type { Fields } from "../views.ts";
import { webhooksOf } from "../webhooks/webhooks.ts";

const name = "__Host-Http-session";

test("a token that is due is replaced, which the visitor is told once; a broken store lets nobody in and is no 401", async () => {
  const clock = fakeClock();
  const memory = memoryStore();
  let broken = false;
  const store: typeof memory = {
    ...memory,
    load(id) {
      if (broken) throw new SojournError("store_unavailable", "The session store is unavailable: planted.");
      return memory.load(id);
    },
  };
  const sessions = createSessions<Fields>({ store, clock, kind: "web", idle: "12h" });
  const keys = keysOf(memory);
  const key = newKey();
  await keys.add(key, { name: "nginx", role: "gateway" });
  const log: Log = { request: () => undefined, info: () => undefined, error: () => undefined };
  const app = createApp(
    {
      sessions: () => sessions,
      visitors: () => sessions,
      keys,
      store,
      background: backgroundWork(),
      access: authorizer(keys, undefined, rateLimits(undefined), () => ""),
      live: undefined as never,
      repeats: repeatsOf(store),
      webhooks: webhooksOf({ store, bounded: store, sessions: () => sessions, hosts: [], kinds: [], log }),
      console: undefined,
      settings: {} as ServeSettings,
      version: "0",
      ready: () => Promise.resolve(),
      metrics: () => Promise.resolve(""),
    },
    log,
  );
  const env = { incoming: { socket: { remoteAddress: "127.0.0.1" } } } as unknown as HttpBindings;
  const asked = async (token: string): Promise<Response> =>
    app.request("/v1/forward-auth", { headers: { Authorization: `Bearer ${key}`, Cookie: `${name}=${token}` } }, env);

  const { token = "" } = await sessions.create({ subject: "ada" });
  expect((await asked(token)).headers.get("set-cookie")).toBeNull();
  clock.advance("2h");
  const answers = await Promise.all([asked(token), asked(token), asked(token)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const cookies = answers.flatMap(({ headers }) => headers.getSetCookie());
  expect(cookies).toEqual([expect.stringMatching(new RegExp(`^${name}=[0-9a-z]{26}\\.[\\w-]{32}; .*Secure; HttpOnly`))]);
  const next = /=([^;]*)/.exec(cookies[0] ?? "")?.[1] ?? "";
  expect(next).not.toBe(token);
  const seen = await asked(next);
  expect([seen.status, seen.headers.get("sojourn-subject"), seen.headers.get("set-cookie")]).toEqual([200, "ada", null]);

  broken = true;
  const away = await asked(next);
  expect([away.status, away.headers.get("set-cookie"), away.headers.get("sojourn-subject")]).toEqual([503, null, null]);
});
