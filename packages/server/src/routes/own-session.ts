import type { Session, Sessions } from "sojourn";
import { Problem, sessionChallenge } from "../problem.ts";
import { sessionView, type Fields } from "../views.ts";
import type { Ask } from "./route.ts";

/** The session whose token the request carries in `Sojourn-Session`. @throws {Problem} 401 `session_missing`, or `session_ended` to whoever holds its token */
export async function ownSession(sessions: Sessions<Fields>, ask: Ask): Promise<Session<Fields>> {
  const token = ask.req.header("sojourn-session");
  const session = await sessions.visit({ token });
  if (session.exists) return session;
  if (token === undefined)
    throw new Problem(401, "session_missing", "The request names no session. Send the session's token in Sojourn-Session.", { headers: sessionChallenge });
  if (session.refusal === "ended" || session.refusal === "expired") {
    const why = session.refusal === "ended" ? "was ended" : "expired";
    throw new Problem(401, "session_ended", `The session ${why}. Begin another with POST /v1/sessions.`, { headers: sessionChallenge });
  }
  throw new Problem(401, "session_missing", "The token in Sojourn-Session resumes no session. Begin one with POST /v1/sessions.", {
    headers: sessionChallenge,
  });
}

/** The session as it now stands, everything written down. */
export async function settled(sessions: Sessions<Fields>, session: Session<Fields>): Promise<ReturnType<typeof sessionView>> {
  // Waits for a touch that this request began, so that the version is one that the next PATCH can name.
  await session.commit();
  await sessions.settle(session);
  return sessionView(session);
}
