import { consoleChallenge, type ConsoleSessions } from "../console/console-sessions.ts";
import { Problem } from "../problem.ts";
import { type Api, type Route, route } from "./route.ts";

/** Begins a person's session at the console, or proves again who they are. */
export function openConsole(api: Api): Route {
  return route("openConsole", async (ask, { body: { key: given } }) => {
    const seats = seatsOf(api);
    if (!seats.options.keys)
      throw new Problem(403, "forbidden", "Keys do not open this console: its configuration says consoleKeys: false. Log in with the provider.");
    const key = await api.keys.check(given);
    if (key === undefined)
      throw new Problem(401, "invalid_key", 'This is no key of this server, or it was revoked. "sojournd keys new --role operator --name NAME" makes one.', {
        headers: consoleChallenge,
      });
    return seats.open(ask, key);
  });
}

/** How people may log in. */
export function consoleOptions(api: Api): Route {
  return route("consoleOptions", async () => seatsOf(api).options);
}

/** Who sits there. */
export function showConsole(api: Api): Route {
  return route("showConsole", async (ask) => seatsOf(api).show(ask));
}

/** Ends that session. */
export function closeConsole(api: Api): Route {
  return route("closeConsole", async (ask) => {
    await seatsOf(api).close(ask);
    return undefined;
  });
}

function seatsOf({ console }: Api): ConsoleSessions {
  if (console === undefined) throw new Problem(501, "not_supported", "This server has no console: its configuration says console: false.");
  return console;
}
