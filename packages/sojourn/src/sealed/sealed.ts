/** Client-side sessions: they travel, sealed, with their clients. */
export type { CompressionOptions } from "./compression.ts";
export { keyring, newKey, type Key, type Keyring } from "./keys.ts";
export { keyList } from "./key-list.ts";
export { jwe, type Jwe } from "./jwe.ts";
export type { Foreign, SubjectOf, TokenReader } from "./readers.ts";
export { authJs } from "./readers/auth-js.ts";
export { cookieSession } from "./readers/cookie-session.ts";
export { ironSession } from "./readers/iron-session.ts";
export { secureSession } from "./readers/secure-session.ts";
export { sealedSessions, type RevocableSessions, type SealedSessions } from "./sealed-sessions.ts";
export type { RevocableOptions, SealedOptions } from "./sealed-options.ts";
