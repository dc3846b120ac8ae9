import type { Hono } from "hono";
import { Problem } from "../problem.ts";
import type { Known } from "../routes/route.ts";
import type { ConsoleSessions } from "./console-sessions.ts";
import { oidcCallback, oidcFinish, oidcStart } from "./oidc-log-in.ts";

/** The way to the provider and back, where there is one. Browsers go it by themselves: it is no part of the API. */
export function addOidcRoutes(app: Hono<Known>, { cookies, oidc }: ConsoleSessions): void {
  if (oidc === undefined) return;
  for (const [path, answer] of [
    [oidcStart, oidc.start],
    [oidcCallback, oidc.land],
    [oidcFinish, oidc.finish],
  ] as const)
    app.all(path, cookies, (ask) => {
      if (ask.req.method === "GET") return answer(ask);
      throw new Problem(405, "method_not_allowed", `${ask.req.method} is not something that ${path} knows. It knows GET.`, { headers: { Allow: "GET" } });
    });
}
