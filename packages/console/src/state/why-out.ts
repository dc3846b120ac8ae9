import { lengthText } from "../text/times.ts";

/** What is known of a console's session that is no more. Times are epoch ms. */
export interface Gone {
  readonly now: number;
  /** When something was last asked for the person. */
  readonly lastAct: number;
  /** How long the session lives without that. */
  readonly idle: number;
  /** When it was to end. */
  readonly expiresAt: number;
}

/** Why a person at the console has to log in again. */
export function whyOut({ now, lastAct, idle, expiresAt }: Gone): string {
  // The server writes activity down now and then only, which takes up to a tenth of the time away.
  if (now - lastAct >= idle * 0.85) return `Your session ended after ${lengthText(Math.round(idle / 60_000) * 60_000)} without activity. Log in to go on.`;
  if (now >= expiresAt - 2000) return "Your session had reached its longest time. Log in to go on.";
  return "Your session was ended, or your key was revoked. If that was not you, tell whoever runs this server.";
}
