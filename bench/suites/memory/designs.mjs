/**
 * Sessions kept in this process's memory.
 * @typedef {object} Kept
 * @property {(client: number) => string | Promise<string>} create gives what the client would present.
 * @property {(token: string) => unknown} resume the user's name, or a promise of it; `undefined` when there is no such session.
 * @property {(client: number) => void | Promise<void>} [createShort] one that will be over when `expire` is called.
 * @property {(count: number) => void | Promise<void>} [expire] does what the design has for sessions that are over; settles when so many are gone.
 */

/**
 * What each session may take at a million, and a full garbage collection.
 * @typedef {object} Design
 * @property {string} name
 * @property {{ bytes?: number, collection?: number }} targets bytes a session, and ms.
 * @property {(setting: { room: number }) => Promise<Kept>} open imports nothing of the other designs.
 */

/** @type {readonly Design[]} */
export const designs = [
  {
    name: "sojourn",
    targets: { bytes: 700, collection: 100 },
    open: async () => (await import("./designs/sojourn.mjs")).sojourn({ subjects: false }),
  },
  {
    name: "sojourn, subjects",
    targets: { bytes: 1_000, collection: 100 },
    open: async () => (await import("./designs/sojourn.mjs")).sojourn({ subjects: true }),
  },
  { name: "express-session", targets: {}, open: async () => (await import("./designs/express-session.mjs")).expressSession() },
  { name: "lru-cache", targets: {}, open: async (setting) => (await import("./designs/lru-cache.mjs")).lruCache(setting) },
  { name: "Map", targets: {}, open: async () => (await import("./designs/map.mjs")).map() },
];
