import type { MaybePromise } from "./seam.ts";
import type { Session } from "./session.ts";

/**
 * The adapter seam: all that a door (a web framework, a gateway) needs of a session manager.
 * Like the Store seam it answers with a plain value where it can; an adapter hands its user a promise.
 */
export interface Resumable<Data> {
  /**
   * The session of a visit: the one that the token resumes, else one that does not exist yet (`session.exists` is false).
   * Never creates; a malformed token causes no store call.
   * @throws {SojournError} `store_unavailable`
   */
  visit(visit: Visit): MaybePromise<Session<Data>>;
  /**
   * Commits what is pending and says what to hand back to the client. Called once, before the first byte of the answer.
   * Afterwards the session takes no more writes (`response_started`).
   * @throws {SojournError} `session_ended`, `store_unavailable`, `outcome_unknown` …: then nothing is handed back.
   */
  settle(session: Session<Data>): MaybePromise<HandBack | undefined>;
}

/** What a door knows of the one who knocks. */
export interface Visit {
  /** As the carrier brought it; not yet judged. */
  readonly token?: string | undefined;
  /**
   * Where the token travels, when it is bound to that place: a cookie's name. A token that was sealed for one place is nobody's in another. Absent for programs,
   * which keep their token where they like.
   */
  readonly place?: string | undefined;
  /** The token did not come from that place, which is only where one is handed back: it stood in a URL or a form, and is bound to no place. */
  readonly loose?: boolean | undefined;
  /** Most characters of a token that can be handed back there. Default: no bound is known. */
  readonly room?: number | undefined;
  /** Epoch ms at which the request began; a touch records this, so that a slow request cannot revive an expired session. Default: now. */
  readonly began?: number | undefined;
  /** Or how to find out: it is asked for only when there is something to write it to. */
  readonly client?: Client | (() => Client) | undefined;
  /**
   * Whether the carrier can hand back a new token with any answer, as a cookie can. Only then is periodic rotation offered. Default false.
   * `"now"`: and it is due at once, unless a successor is offered already, because the secret has been where others may have seen it.
   */
  readonly rotates?: boolean | "now" | undefined;
  /** Called once, synchronously, before the session's first write, or during `visit()` when a successor is due: from now on there is something to settle. May throw `response_started`. */
  readonly onPending?: (() => void) | undefined;
}

/** Who the client seems to be. Personal data; kept for the devices page and never used to decide. */
export interface Client {
  /** IP address, as far as the proxies are trusted. */
  readonly address?: string | undefined;
  /** The User-Agent, at most 256 characters, without control characters. */
  readonly agent?: string | undefined;
}

/** What the client is to keep from now on: a token, or, when it is `undefined`, nothing any more. Only a request that itself created, rotated or ended a session has one. */
export interface HandBack {
  readonly token: string | undefined;
  /** ms until the session's absolute deadline: a duration, for the clocks of clients, servers and managers need not agree. */
  readonly lasts?: number | undefined;
}
