import { open } from "lmdb";
import { cookies, headers } from "next/headers";
import { createSessions } from "sojourn";
import { cookie } from "sojourn/http";
import { keptOnReload, nextSessions } from "sojourn/http/next";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

// In development this module is evaluated again after each change, and once for each bundle: there must be one store all the same.
export const sessions = keptOnReload("example", () => {
  const made = createSessions({ store: lmdbStore(openLmdb(open, process.env.DATA ?? "data/sessions")), idle: "30m", absolute: "12h" });
  void made.run();
  return made;
});

export const web = nextSessions(sessions, { carriers: [cookie()], cookies, headers });
