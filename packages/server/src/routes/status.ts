import { type Api, type Route, route } from "./route.ts";

export function status({ live }: Api): Route {
  return route("status", (ask) => Promise.resolve(live.status(ask.var.caller.tenant)));
}
