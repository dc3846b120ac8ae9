/** What seals and opens, and how the results call it. */
export const names = {
  raw: "AES-256-GCM",
  pooled: "AES-256-GCM, nonces drawn in advance",
  sojourn: "sojourn",
  iron: "iron-session",
  ironMany: "iron-session, 16 at once",
  jose: "jose, A256GCM",
  joseMany: "jose, A256GCM, 16 at once",
};

/** @typedef {keyof typeof names} Name */
