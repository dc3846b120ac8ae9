import { Problem } from "../problem.ts";
import { ownSession, settled } from "./own-session.ts";
import { ofTenant, type Api, type Route, route } from "./route.ts";

/** The session of the token, with its data. */
export function readSession(api: Api): Route {
  return route("readSession", async (ask) => {
    const sessions = ofTenant(api, ask);
    return settled(sessions, await ownSession(sessions, ask));
  });
}

/** Sets and takes away fields, the others are not touched. With `ifVersion` only if the session is still at that version. */
export function changeSession(api: Api): Route {
  return route("changeSession", async (ask, { body: { set = {}, unset = [], ifVersion } }) => {
    const both = unset.find((name) => Object.hasOwn(set, name));
    if (both !== undefined) throw new Problem(400, "invalid_request", `${both} is in set and in unset. Leave it in one of them.`, { field: `unset.${both}` });
    const sessions = ofTenant(api, ask);
    const session = await ownSession(sessions, ask);
    for (const [name, value] of Object.entries(set)) session.set(name, value);
    for (const name of unset) session.delete(name);
    await session.commit(ifVersion === undefined ? {} : { ifVersion });
    return settled(sessions, session);
  });
}

/** Ends it, for good. */
export function endSession(api: Api): Route {
  return route("endSession", async (ask) => {
    await (await ownSession(ofTenant(api, ask), ask)).end("closed");
    return undefined;
  });
}

/** The application has checked who it is; this records it. The answer has the new token, the old one is void. */
export function authenticate(api: Api): Route {
  return route("authenticate", async (ask, { body: { subject, methods = [], keep = [] } }) => {
    const sessions = ofTenant(api, ask);
    const session = await ownSession(sessions, ask);
    await session.authenticate(subject, { methods, keep });
    return settled(sessions, session);
  });
}

/** A new token. The old one stays good until the new one has been seen, and 30 seconds longer. */
export function rotate(api: Api): Route {
  return route("rotate", async (ask) => {
    const sessions = ofTenant(api, ask);
    const session = await ownSession(sessions, ask);
    await session.rotate();
    if (session.token === undefined)
      throw new Problem(409, "stale", "Another request changed the session at this moment. Use the token that it was given, or ask again.");
    return settled(sessions, session);
  });
}
