import { SojournError } from "../../core/errors.ts";
import type { Client } from "../../core/resumable.ts";
import type { Sessions } from "../../core/sessions.ts";
import { agentText } from "../client.ts";
import { answered, getFrom } from "./connect-calls.ts";
import { aliasOf, cookieIn, fieldOf, isShorter, keptCookie, maxAgeOf, nextAliasOf, untilOf, type Kept } from "./kept-session.ts";
import type { SessionRequest } from "./request.ts";
import { cookieOf, type Cookie } from "./session-cookie.ts";
import type { ConnectStore } from "./store.ts";
import { textsOf, valuesOf, type Texts } from "./texts.ts";

/** A manager, and what the middleware's options say of its sessions. */
export interface Home {
  readonly sessions: Sessions<Record<string, unknown>>;
  /** Idle time (ms) of a session whose cookie has no maxAge, and the shortest that the manager's touches keep alive; `undefined` until a session shows it. */
  idle: number | undefined;
  least: number | undefined;
  readonly subject: (data: Readonly<Record<string, unknown>>) => string | undefined;
  readonly migrateFrom: ConnectStore | undefined;
  /** What was in a session when it ended, where that can be told. */
  readonly last?: ((id: string) => Promise<Texts | undefined>) | undefined;
  /** Called when something was written. */
  readonly sweep: () => void;
}

/** What a new session is to be. */
export interface Beginning {
  readonly alias: string;
  readonly texts: Texts;
  readonly cookie: Cookie;
  readonly client: Client | undefined;
  readonly subject?: string | undefined;
  /** See {@link KeptCookie.first}. */
  readonly first?: string | undefined;
}

/** The live session under an id. @param touch whether this is activity of it */
export async function reachSid(home: Home, sid: string, client: Client | undefined, touch = true): Promise<Kept | undefined> {
  const by = (alias: string): Promise<Kept | undefined> => home.sessions.reach({ alias }, { client, touch });
  // One that takes another's place has a name of its own until it has this one, which it may get between two looks.
  const kept = (await by(aliasOf(sid))) ?? (await by(nextAliasOf(sid))) ?? (await by(aliasOf(sid)));
  if (kept === undefined || cookieIn(kept) === undefined) return undefined;
  if (untilOf(kept) > Date.now()) return kept;
  await home.sessions.end({ id: kept.id as string }, "idle");
  return undefined;
}

/** @throws {SojournError} `alias_taken` when there is a session under this id, `limit_reached`, `invalid_field`, … */
export async function beginSession(home: Home, beginning: Beginning): Promise<Kept> {
  const { alias, texts, cookie, client, subject, first } = beginning;
  const maxAge = maxAgeOf(cookie.data);
  const idle = home.least === undefined ? undefined : maxAge === undefined ? home.idle : Math.max(maxAge, home.least);
  const data: Record<string, unknown> = { cookie: keptCookie(cookie, idle, first, Date.now()) };
  for (const [name, value] of Object.entries(valuesOf(texts))) data[fieldOf(name)] = value;
  const kept = await home.sessions.create({
    data,
    aliases: [alias],
    ...(client === undefined ? undefined : { client }),
    ...(subject === undefined ? undefined : { subject }),
    ...(idle === undefined ? undefined : { idle }),
  });
  home.sweep();
  if (idle !== undefined) return kept;
  // The manager is the application's, and its idle time shows itself in a session only.
  const own = (kept.expiresAt as number) - (kept.created as number);
  home.idle = home.least = own;
  if (maxAge !== undefined && isShorter(own, maxAge)) {
    await home.sessions.end({ id: kept.id as string }, "replaced");
    return beginSession(home, beginning);
  }
  kept.set("cookie", keptCookie(cookie, own, first, Date.now()));
  await kept.commit();
  return kept;
}

/**
 * Takes a session over from the store that the application moves away from. Of several processes that try at once one does. Whoever had read it before
 * another took it over, and ended it here, must not bring it back: so it is looked for again once its name is claimed.
 */
export async function takeOver(home: Home, sid: string, client: Client | undefined): Promise<Kept | undefined> {
  const { migrateFrom, sessions } = home;
  const found = migrateFrom === undefined ? undefined : await getFrom(migrateFrom, sid);
  if (migrateFrom === undefined || found === undefined || typeof found.cookie !== "object" || found.cookie === null) return undefined;
  const texts = textsOf(found);
  let kept: Kept;
  try {
    kept = await beginSession(home, { alias: aliasOf(sid), texts, cookie: cookieOf(found.cookie), client, subject: home.subject(valuesOf(texts)) });
  } catch (error) {
    if (error instanceof SojournError && error.code === "alias_taken") return reachSid(home, sid, client);
    throw error;
  }
  try {
    if ((await getFrom(migrateFrom, sid)) !== undefined) {
      await answered((answer) => migrateFrom.destroy(sid, answer));
      return kept;
    }
  } catch (error) {
    // It stays where it was, whole.
    await sessions.end({ id: kept.id as string }, "replaced");
    throw error;
  }
  await sessions.end({ id: kept.id as string }, "replaced");
  return undefined;
}

/** For the devices page. */
export function clientOf(request: SessionRequest): Client {
  return { address: request.ip ?? (request.socket as SessionRequest["socket"] | undefined)?.remoteAddress, agent: agentText(request.headers?.["user-agent"]) };
}
