import { transcriptOf } from "@sojourn/gateways/sms";
import type { Log } from "../log.ts";
import { lookAt } from "./look-at.ts";
import { ofTenant, type Api, type Route, route } from "./route.ts";

/** Shows what a live session holds. */
export function revealSession(api: Api, log: Log): Route {
  return route("revealSession", async (ask, { parameters: { id } }) => {
    const { kind, version, data } = await lookAt(ofTenant(api, ask), id);
    log.info("revealed", { by: ask.var.caller.name, session: id });
    const journal = kind === "sms" ? transcriptOf(data) : undefined;
    return { version, data, ...(journal === undefined ? undefined : { journal }) };
  });
}
