import { keyList, sealedSessions } from "sojourn/sealed";

/** @type {import("sojourn/sealed").SealedSessions<{ cart: string[], theme: "light" | "dark" }>} */
export const sessions = sealedSessions({
  keys: keyList(process.env.SOJOURN_KEYS), // with a store: createSessions({ store: lmdbStore(…),
  idle: "30m",
  absolute: "12h",
});
