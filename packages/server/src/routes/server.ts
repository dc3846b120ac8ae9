import { openApi } from "@sojourn/client/openapi";
import { type Api, type Route, route } from "./route.ts";

/** What there is to ask. */
export function document({ version }: Api): Route {
  const told = openApi(version);
  return route("openApi", () => Promise.resolve(told));
}

/** The process answers. */
export function health(): Route {
  return route("health", () => Promise.resolve({ status: "ok" as const }));
}

/** Sessions can be kept and found; 503 while they cannot. */
export function readiness({ ready }: Api): Route {
  return route("readiness", async () => {
    await ready();
    return { status: "ready" as const };
  });
}
