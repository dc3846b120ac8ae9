import { SojournError } from "../../core/errors.ts";
import type { Session } from "../../core/session.ts";

/** What of a session only looks. */
type Looking =
  | "exists"
  | "id"
  | "kind"
  | "subject"
  | "version"
  | "created"
  | "expiresAt"
  | "authenticatedAt"
  | "methods"
  | "levels"
  | "refusal"
  | "degraded"
  | "wakesAt"
  | "data"
  | "get"
  | "isFresh";

/** A session that can be looked at and not written to: where no cookie can leave, such as in a server component. */
export type ReadonlySession<Data> = Pick<Session<Data>, Looking>;

/** All others. A verb that is added to sessions and is not named here or above does not compile. */
const writing: Readonly<Record<Exclude<keyof Session<never>, Looking | "token">, true>> = {
  set: true,
  delete: true,
  update: true,
  flash: true,
  authenticate: true,
  elevate: true,
  rotate: true,
  claim: true,
  release: true,
  wakeAt: true,
  lease: true,
  checkpoint: true,
  restore: true,
  end: true,
  commit: true,
  ticket: true,
};

/** The session for looking only. For those who write all the same, past the types, the error says where to do it. */
export function readonlySession<Data>(session: Session<Data>): ReadonlySession<Data> {
  const looking: ReadonlySession<Data> = {
    get exists() {
      return session.exists;
    },
    get id() {
      return session.id;
    },
    get kind() {
      return session.kind;
    },
    get subject() {
      return session.subject;
    },
    get version() {
      return session.version;
    },
    get created() {
      return session.created;
    },
    get expiresAt() {
      return session.expiresAt;
    },
    get authenticatedAt() {
      return session.authenticatedAt;
    },
    get methods() {
      return session.methods;
    },
    get levels() {
      return session.levels;
    },
    get refusal() {
      return session.refusal;
    },
    get degraded() {
      return session.degraded;
    },
    get wakesAt() {
      return session.wakesAt;
    },
    get data() {
      return session.data;
    },
    get: (name) => session.get(name),
    isFresh: (within, level) => session.isFresh(within, level),
  };
  for (const verb of Object.keys(writing)) Object.defineProperty(looking, verb, { value: () => refuse(verb) });
  return Object.freeze(looking);
}

function refuse(verb: string): never {
  throw readOnlyHere(verb);
}

/** The error of whoever writes where nothing can be handed back. */
export function readOnlyHere(verb: string): SojournError {
  return new SojournError(
    "response_started",
    `session.${verb}() in a server component: the answer is under way, and no cookie can leave any more. Write in a route handler (web.route) or a server action (web.action).`,
  );
}
