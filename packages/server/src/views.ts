import type { Answer } from "@sojourn/client/operations";
import type { Session, SessionInfo } from "sojourn";

/** A session's fields, as far as the server knows them. */
export type Fields = Record<string, unknown>;

/** A session as its holder sees it. `token` is there only in the answer that made or rotated it. Times are epoch ms. */
export function sessionView(session: Session<Fields>): Answer<"readSession"> {
  const { id, token, kind, subject, version, created, expiresAt, authenticatedAt, methods, levels, data } = session;
  return { id, token, kind, subject, version, created, expiresAt, authenticatedAt, methods, levels, data };
}

/** A session as the application sees it from outside: no data. */
export function infoView(info: SessionInfo): Answer<"showSession"> {
  const { id, kind, subject, version, created, seen, expiresAt, authenticatedAt, methods, address, agent, ended } = info;
  return { id, kind, subject, version, created, seen, expiresAt, authenticatedAt, methods, address, agent, ended };
}
