import { SojournError } from "../../core/errors.ts";
import type { HeadCookie } from "./answer-gate.ts";
import type { Held, Keeper } from "./keeper.ts";
import type { Settings } from "./options.ts";
import { isSecure, type SessionRequest } from "./request.ts";
import { actFor, Session, type StoredSession } from "./request-session.ts";
import { Cookie, shapeOf } from "./session-cookie.ts";
import { signed, type Secret } from "./signed-id.ts";
import { createSession } from "./store.ts";
import { textsOf, wholeOf } from "./texts.ts";

/** The sessions of one request, from the middleware to the last byte of the answer: mostly one; two when it is regenerated. */
export interface RequestState {
  /** Gives the request a new session. */
  generate(): void;
  /** Gives the request the session that it came with. */
  inflate(held: Held, found: StoredSession): void;
  /** A session that belongs to no answer: it can be saved. */
  detach(held: Held, found: StoredSession): Session;
  /** What has to be done before the answer goes on, `undefined` when nothing. @param ending whether nothing comes after it */
  commit(ending: boolean): Promise<void> | undefined;
  /** The cookie that goes with the head. @throws {TypeError} when the application gave it an attribute that none can have */
  cookie(): HeadCookie | undefined;
}

/** Of each request, which state: what others ask of the store (`regenerate`, `generate`) is about the same sessions. */
const states = new WeakMap<object, RequestState>();

export function stateOf(request: SessionRequest, keeper: Keeper, settings: Settings): RequestState {
  const known = states.get(request);
  if (known !== undefined) return known;
  const state = newState(request, keeper, settings);
  states.set(request, state);
  return state;
}

/** @param settings of the middleware that the request passed */
function newState(request: SessionRequest, keeper: Keeper, settings: Settings): RequestState {
  const { saveUninitialized, resave, rolling } = settings;
  const helds = new Map<string, Held>();
  const cookieId = request.sessionID;
  let origin: { readonly id: string; readonly whole: string } | undefined;
  let saved: { readonly id: string; readonly whole: string; readonly shape?: string | undefined } | undefined;
  /** The ids of sessions whose last save failed. */
  const failed = new Set<string>();
  let touched = false;
  /** What is saved from now on is saved with the answer. */
  let committing = false;
  /** The ids of sessions that this request ended, or found to have ended. */
  const over = new Set<string>();

  actFor(request, {
    save,
    async reload(session) {
      const held = await keeper.read(session.id, request);
      if (held.found === undefined) throw new Error("failed to load session");
      helds.set(session.id, held);
      createSession(request, held.found);
    },
    async destroy(session) {
      over.add(session.id);
      await (helds.get(session.id) ?? (await keeper.read(session.id, request))).destroy();
    },
    async regenerate() {
      const id = request.sessionID;
      try {
        if (typeof id === "string") await (helds.get(id) ?? (await keeper.read(id, request))).destroy();
      } finally {
        generate();
      }
    },
  });

  function generate(): void {
    request.sessionID = settings.genid(request);
    if (typeof request.sessionID === "string") {
      helds.set(request.sessionID, keeper.begin(request.sessionID, request));
      over.delete(request.sessionID);
    }
    const options = settings.cookie(request);
    const session = new Session(request);
    session.cookie = new Cookie(options);
    if (options.secure === "auto") session.cookie.secure = isSecure(request, settings.proxy);
    if (options.sameSite === "auto") session.cookie.sameSite = isSecure(request, settings.proxy) ? "none" : "lax";
    request.session = session;
    touched = false;
    origin ??= { id: session.id, whole: wholeOf(textsOf(session)) };
  }

  async function save(session: Session): Promise<void> {
    // Told before the store is: what changes while it writes has to be written again.
    const now = markOf(session);
    const held = helds.get(session.id);
    failed.add(session.id);
    if (held === undefined || !(await held.save(session))) {
      over.add(session.id);
      if (settings.strict) throw new SojournError("session_ended", "The session ended while the request was under way; nothing was written.");
      return;
    }
    failed.delete(session.id);
    saved = now;
  }

  /** As express-session has it, a cookie that is changed after `save()` is not written again, but one of a session that was regenerated is. */
  function markOf(session: Session): NonNullable<typeof saved> {
    const whole = wholeOf(textsOf(session));
    return session.id === origin?.id && !committing ? { id: session.id, whole } : { id: session.id, whole, shape: shapeOf(session.cookie) };
  }

  function isAt(mark: typeof saved, session: Session): boolean {
    if (mark === undefined || mark.id !== session.id || mark.whole !== wholeOf(textsOf(session))) return false;
    return mark.shape === undefined || mark.shape === shapeOf(session.cookie);
  }

  /** The session of the answer, if it has one that can be kept. */
  function current(): Session | undefined {
    const { session, sessionID } = request;
    return session === undefined || session === null || typeof sessionID !== "string" ? undefined : session;
  }

  function needsSave(session: Session): boolean {
    if (over.has(session.id)) return false;
    return !saveUninitialized && saved === undefined && cookieId !== request.sessionID ? !isAt(origin, session) : !isAt(saved, session);
  }

  function wantsCookie(session: Session): boolean {
    if (over.has(session.id)) return false;
    if (cookieId !== request.sessionID) return saveUninitialized || !isAt(origin, session);
    return rolling || (session.cookie.expires !== null && session.cookie.expires !== undefined && !isAt(origin, session));
  }

  function touch(session: Session): void {
    if (typeof (session as Partial<Session>).touch !== "function") {
      throw new TypeError("req.session was replaced by an object that is no session. Set its properties, or call regenerate() for a new one.");
    }
    if (!touched) session.touch();
    touched = true;
  }

  /** By the session's own method, which an application may have put its own in the place of. */
  function saveByMethod(session: Session): Promise<void> {
    committing = true;
    const now = markOf(session);
    return new Promise((resolve, reject) => {
      session.save((error) => {
        if (error !== undefined && error !== null) return reject(error instanceof Error ? error : new Error("The session's save failed.", { cause: error }));
        if (!over.has(session.id)) saved = now;
        resolve();
      });
    });
  }

  return {
    generate,
    inflate(held, found) {
      const session = createSession(request, found);
      helds.set(session.id, held);
      origin = { id: session.id, whole: wholeOf(textsOf(session)) };
      if (!resave) saved = origin;
    },
    detach(held, found) {
      const session = createSession(request, found);
      helds.set(session.id, held);
      return session;
    },
    commit(ending) {
      const { session: given, sessionID } = request;
      if ((given === undefined || given === null) && settings.unsetDestroy && ending && typeof sessionID === "string" && !over.has(sessionID)) {
        over.add(sessionID);
        return helds.get(sessionID)?.destroy();
      }
      const session = current();
      if (session === undefined) return undefined;
      const isNew = cookieId !== request.sessionID;
      const unsaved = needsSave(session);
      // Before a long answer only what its head depends on, or what was changed; saving again for its own sake, and touching, are for the end.
      if (unsaved && (ending || !isAt(origin, session) || (isNew && wantsCookie(session)))) {
        touch(session);
        return saveByMethod(session);
      }
      if (!ending) return undefined;
      touch(session);
      return !unsaved && !isNew && !over.has(session.id) && keeper.touches ? helds.get(session.id)?.touch(session) : undefined;
    },
    cookie() {
      const session = current();
      if (session === undefined || !wantsCookie(session)) return undefined;
      if (Boolean(session.cookie.secure) && !isSecure(request, settings.proxy)) return undefined;
      touch(session);
      const { id } = session;
      const text = session.cookie.serialize(settings.name, signed(id, (settings.secrets ?? [request.secret as Secret])[0] as Secret));
      // Never for a session that is not kept: the save failed, or was refused.
      return { text, stands: () => !failed.has(id) && !over.has(id) && (cookieId === id || saved?.id === id) };
    },
  };
}
