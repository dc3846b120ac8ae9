import { newKey } from "../keys.ts";
import { Problem } from "../problem.ts";
import { type Api, type Route, route } from "./route.ts";

/** Makes a key for the tenant of the one with which this is asked. */
export function createKey({ keys }: Api): Route {
  return route("createKey", async (ask, { body: { name, role = "app" } }) => {
    const key = newKey();
    return { ...(await keys.add(key, { name, role, tenant: ask.var.caller.tenant })), key };
  });
}

/** The keys of that tenant. */
export function listKeys({ keys }: Api): Route {
  return route("listKeys", async (ask) => ({ keys: await keys.list(ask.var.caller.tenant) }));
}

/** Makes one void. */
export function revokeKey({ keys }: Api): Route {
  return route("revokeKey", async (ask, { parameters: { id } }) => {
    if (!(await keys.revoke(id, ask.var.caller.tenant))) throw new Problem(404, "not_found", "There is no such key. Ids are what GET /v1/keys gives.");
    return undefined;
  });
}
