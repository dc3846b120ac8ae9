import type { Session, Sessions } from "sojourn";
import { Problem } from "../problem.ts";
import type { Fields } from "../views.ts";

/** A live session, from outside: to it this is no activity. @throws {Problem} 404 `session_missing` */
export async function lookAt(sessions: Sessions<Fields>, id: string): Promise<Session<Fields>> {
  const session = await sessions.reach({ id }, { touch: false });
  if (session === undefined) throw notLive();
  return session;
}

/** To whoever asks from outside a session that has ended is as good as missing. */
export function notLive(cause?: unknown): Problem {
  return new Problem(404, "session_missing", "There is no such live session. Ids are what POST and GET /v1/sessions give.", { cause });
}
