import { SojournError } from "sojourn";
import { Problem } from "../problem.ts";
import { inTime } from "../stores/in-time.ts";
import { type Api, type Ask, type Route, route } from "./route.ts";

/** How long a store may take to begin to tell, in ms. */
const patience = 2_000;

export function events({ live }: Api): Route {
  return route("events", async (ask, { query }) => {
    const channel = live.channel(ask.var.caller.tenant);
    if (channel === undefined) {
      throw new Problem(501, "not_supported", "The store of this server cannot be watched, so there are no events. Its page says what it can do.");
    }
    const after = lastEventId(ask) ?? query.after;
    const leave = channel.listen(() => undefined);
    try {
      // Who has the head of the answer misses nothing that happens from then on.
      await inTime(channel.ready(), patience, () => new SojournError("store_unavailable", "The session store is unavailable: it does not tell of changes."));
      return live.streams.open(ask, (stream) => channel.send(stream, query.kind, after));
    } finally {
      leave();
    }
  });
}

export function now({ live }: Api): Route {
  return route("now", (ask) => live.figures(ask.var.caller.tenant).read());
}

export function followNow({ live }: Api): Route {
  return route("followNow", (ask) => Promise.resolve(live.streams.open(ask, (stream) => live.figures(ask.var.caller.tenant).send(stream))));
}

/** What a listener that comes again names (WHATWG HTML §9.2.4). It counts more than the parameter, which stays in an EventSource's URL. */
function lastEventId(ask: Ask): string | undefined {
  const id = ask.req.header("last-event-id") ?? "";
  if (id === "") return undefined;
  if (/^[!-~]{1,200}$/.test(id)) return id;
  throw new Problem(400, "invalid_request", "Last-Event-ID must be the id of an event.", { field: "Last-Event-ID" });
}
