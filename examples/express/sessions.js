import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

/** @type {import("sojourn").Sessions<{ cart: string[], theme: "light" | "dark" }>} */
export const sessions = createSessions({
  store: lmdbStore(openLmdb(open, process.env.DATA ?? "data/sessions")),
  idle: "30m",
  absolute: "12h",
  limit: { perSubject: 5, whenFull: "end-oldest" },
});
