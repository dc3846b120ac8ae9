import { json, type Api, type Route } from "./route.ts";

/** `GET /healthz`: the process answers. */
export function health(): Route {
  return { method: "GET", path: "/healthz", open: true, answer: () => Promise.resolve(json({ status: "ok" })) };
}

/** `GET /readyz`: sessions can be kept and found; 503 while they cannot. */
export function readiness({ ready }: Api): Route {
  return {
    method: "GET",
    path: "/readyz",
    open: true,
    async answer() {
      await ready();
      return json({ status: "ready" });
    },
  };
}
