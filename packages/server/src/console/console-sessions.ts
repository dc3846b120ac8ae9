import { watchers, type Answer, type Role } from "@sojourn/client/operations";
import { createSessions, SojournError, type Clock, type Session, type Store } from "sojourn";
import { trustedProxies } from "sojourn/http";
import { honoSessions } from "sojourn/http/hono";
import type { MiddlewareHandler } from "hono";
import type { Caller } from "../caller.ts";
import type { ApplicationKey, Keys } from "../keys.ts";
import type { Log } from "../log.ts";
import { Problem } from "../problem.ts";
import { attemptLimiter, failureCounter } from "../rate-limits.ts";
import type { Ask, Known } from "../routes/route.ts";
import { consoleCookie } from "./console-cookie.ts";
import { oidcLogIn, type ConsoleFields, type OidcLogIn } from "./oidc-log-in.ts";
import { oidcPrefix, oidcRules } from "./oidc-person.ts";
import type { OidcSettings } from "./oidc-settings.ts";

/** With every 401 there must be a challenge (RFC 9110 §15.5.2). */
export const consoleChallenge: Readonly<Record<string, string>> = { "WWW-Authenticate": 'Sojourn-Console realm="sojourn"' };

/** Whose sessions those of people at the console are. */
export const consoleTenant = "sojourn";

/** How long a proof of who somebody is counts for acts that need a fresh one, in ms. */
const freshFor = 5 * 60_000;

/** Somebody who sits there. */
interface Seat {
  readonly session: Session<ConsoleFields>;
  readonly caller: Caller;
  /** Epoch ms at which they last proved who they are; a provider may have heard it long before it led them here. */
  readonly provedAt: number;
}

/** The sessions of people at the console. */
export interface ConsoleSessions {
  /** Before every route that {@link caller} is asked in; does nothing for requests that carry an application key. */
  readonly middleware: MiddlewareHandler<Known>;
  /** The same, whatever a request carries besides. */
  readonly cookies: MiddlewareHandler<Known>;
  /** How people may log in. */
  readonly options: Answer<"consoleOptions">;
  /** Log-in with a provider, where there is one. */
  readonly oidc: OidcLogIn | undefined;
  /** Who sits there, if the request has such a session and what it was begun with is still good: the key, or the settings for people of the provider. */
  caller(ask: Ask): Promise<Caller | undefined>;
  /** Whether the session of a caller still lives. It does not count as activity. */
  lives(caller: Caller): Promise<boolean>;
  /** Begins a session with a key that was checked, or proves anew whose it is. */
  open(ask: Ask, key: ApplicationKey): Promise<Answer<"openConsole">>;
  /** @throws {Problem} 401 `session_missing` */
  show(ask: Ask): Promise<Answer<"showConsole">>;
  /** @throws {Problem} 401 `session_missing` */
  close(ask: Ask): Promise<void>;
  stop(): Promise<void>;
}

/** What they are kept with. */
export interface ConsoleOptions {
  readonly store: Store;
  readonly keys: Keys;
  readonly behindTls: boolean;
  readonly log: Log;
  /** Whether keys open the console. Default true. */
  readonly byKey?: boolean | undefined;
  /** A provider with which people may log in. */
  readonly oidc?: OidcSettings | undefined;
  /** Of the client that this server is to the provider. */
  readonly oidcSecret?: string | undefined;
  /** Where a request comes from. */
  readonly addressOf?: (ask: Ask) => string;
  /** For tests. Default: the machine's. */
  readonly clock?: Clock;
}

/** People at the console have sessions like everybody else: in a tenant of their own, over after 15 minutes without a request. */
export function consoleSessions({ store, keys, behindTls, log, clock, byKey = true, addressOf = () => "", ...provider }: ConsoleOptions): ConsoleSessions {
  const now = (): number => clock?.now() ?? Date.now();
  const sessions = createSessions<ConsoleFields>({
    store,
    tenant: consoleTenant,
    kind: "console",
    idle: "15m",
    absolute: "12h",
    limit: { perSubject: 5, whenFull: "end-oldest" },
    ...(clock !== undefined && { clock }),
  });
  sessions.on("failed", ({ doing, error }) => log.error(`console: could not ${doing}`, error));
  const web = honoSessions(sessions, {
    carriers: [consoleCookie(behindTls)],
    ...(behindTls && { client: trustedProxies(1) }),
    onFailure: (error) => {
      if (!(error instanceof SojournError) || error.status >= 500) log.error("console: a request failed", error);
    },
  });

  const rules = provider.oidc === undefined ? undefined : oidcRules(provider.oidc);
  const oidc =
    provider.oidc === undefined
      ? undefined
      : oidcLogIn({
          settings: provider.oidc,
          secret: provider.oidcSecret,
          session: (ask) => web.session(ask),
          absolute: "8h",
          now,
          log,
          addressOf,
          limits: { begun: failureCounter({ most: 30, within: 60_000 }, () => performance.now()), failed: attemptLimiter() },
        });

  async function visitor(ask: Ask): Promise<Seat | undefined> {
    const session = await web.session(ask);
    const { id, subject } = session;
    if (!session.exists || id === undefined || subject === undefined) return undefined;
    if (subject.startsWith(oidcPrefix)) {
      const person = session.get("person");
      // The settings may be others by now.
      if (person === undefined || person.rules !== rules) return undefined;
      const { name, role, tenant, provedAt } = person;
      return { session, provedAt, caller: { id: subject, name, role, tenant, session: id, fresh: now() - provedAt <= freshFor } };
    }
    const key = byKey ? await keys.find(subject) : undefined;
    if (key === undefined || !mayWatch(key.role)) return undefined;
    return { session, provedAt: session.authenticatedAt ?? 0, caller: { ...key, session: id, fresh: session.isFresh(freshFor) } };
  }

  async function seated(ask: Ask): Promise<Seat> {
    const found = await visitor(ask);
    if (found === undefined)
      throw new Problem(401, "session_missing", "Nobody is logged in at the console with this browser, or not any more. Log in.", {
        headers: consoleChallenge,
      });
    return found;
  }

  return {
    async middleware(ask, next) {
      if (ask.req.header("authorization") === undefined) return web.middleware(ask, next);
      await next();
    },
    cookies: web.middleware,
    options: { keys: byKey, oidc: oidc !== undefined },
    oidc,
    caller: async (ask) => (await visitor(ask))?.caller,
    async lives({ session, id }) {
      const info = await sessions.info({ id: session ?? "" });
      if (info === undefined || info.ended !== undefined || info.subject !== id) return false;
      return id.startsWith(oidcPrefix) ? oidc !== undefined : (await keys.find(id)) !== undefined;
    },
    async open(ask, key) {
      if (!mayWatch(key.role))
        throw new Problem(
          403,
          "forbidden",
          `The key has the role ${key.role}; the console is for ${watchers.join(", ")}. Make one with "sojournd keys new --role operator".`,
        );
      const session = await web.session(ask);
      await session.authenticate(key.id, { methods: ["key"] });
      log.info("console: logged in", { by: key.name, key: key.id, session: session.id });
      return view({ session, caller: key, provedAt: session.authenticatedAt ?? 0 });
    },
    async show(ask) {
      return view(await seated(ask));
    },
    async close(ask) {
      const { session, caller } = await seated(ask);
      await session.end();
      log.info("console: logged out", { by: caller.name, [caller.id.startsWith(oidcPrefix) ? "subject" : "key"]: caller.id });
    },
    stop: () => sessions.close(),
  };
}

function mayWatch(role: Role): boolean {
  return (watchers as readonly Role[]).includes(role);
}

function view({ session: { authenticatedAt = 0, expiresAt = 0 }, provedAt, caller: { id, name, role, tenant } }: Seat): Answer<"showConsole"> {
  return { name, role, tenant, authenticatedAt, by: id.startsWith(oidcPrefix) ? "oidc" : "key", freshUntil: provedAt + freshFor, expiresAt };
}
