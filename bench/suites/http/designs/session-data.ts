import type { SessionData } from "express-session";

declare module "express-session" {
  /** The two fields that the handlers name. */
  interface SessionData {
    userId: string;
    views: number;
  }
}

/** What the peer keeps; named so that this file is a module of its types and no import of the program. */
export type PeerData = SessionData;
