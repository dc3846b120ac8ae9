import { Problem } from "../problem.ts";
import { type Api, type Route, route } from "./route.ts";

/** Sends a tenant's events somewhere from now on. The secret is in this answer and nowhere else. */
export function createWebhook({ webhooks }: Api): Route {
  return route("createWebhook", (ask, { body: { url, events, kinds } }) =>
    webhooks.create(ask.var.caller.tenant, { url, events: events ?? ["created", "ended"], kinds }),
  );
}

/** Those of the tenant, and how each last went. */
export function listWebhooks({ webhooks }: Api): Route {
  return route("listWebhooks", async (ask) => ({ webhooks: await webhooks.list(ask.var.caller.tenant) }));
}

/** Sends no more there. */
export function deleteWebhook({ webhooks }: Api): Route {
  return route("deleteWebhook", async (ask, { parameters: { id } }) => {
    if (!(await webhooks.remove(ask.var.caller.tenant, id)))
      throw new Problem(404, "not_found", "There is no such webhook. Ids are what GET /v1/webhooks gives.");
    return undefined;
  });
}
