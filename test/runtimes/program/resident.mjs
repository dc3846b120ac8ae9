// A manager as an application has it: made in a module's own scope, and asked by one request after another.
import { createSessions } from "sojourn";

/** @param {import("sojourn").Store} store */
export function residentOf(store) {
  const sessions = createSessions({ store, sweep: 20 });
  let woken = 0;
  sessions.onWake("web", async () => void (woken += 1));
  /** @type {Record<string, () => Promise<Response>>} */
  const pages = {
    "/~created": async () => Response.json((await sessions.create()).created),
    "/~run": async () => {
      await sessions.create({ wakeAt: Date.now() + 100 });
      await sessions.run();
      return Response.json(null);
    },
    "/~woken": async () => Response.json(woken),
    "/~round": async () => {
      await sessions.run();
      await sessions.close();
      return Response.json(woken);
    },
    "/~close": async () => {
      await sessions.close();
      return Response.json(null);
    },
  };
  return pages;
}
