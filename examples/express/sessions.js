import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore } from "sojourn/stores/lmdb";

/** @type {import("sojourn").Sessions<{ cart: string[], theme: "light" | "dark" }>} */
export const sessions = createSessions({
  store: lmdbStore(open({ path: process.env.DATA ?? "data/sessions" })),
  idle: "30m",
  absolute: "12h",
  limit: { perSubject: 5, whenFull: "end-oldest" },
});
