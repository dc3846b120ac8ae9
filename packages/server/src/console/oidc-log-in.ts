import { SojournError, type Session } from "sojourn";
import type { Log } from "../log.ts";
import type { AttemptLimiter } from "../rate-limits.ts";
import type { Ask } from "../routes/route.ts";
import { consolePath } from "./console-pages.ts";
import { oidcClient, type Asked } from "./oidc-client.ts";
import { answerIn, landingPage } from "./oidc-landing.ts";
import { oidcPerson, oidcRules, oidcSubject, type Claims, type OidcPerson } from "./oidc-person.ts";
import type { OidcSettings } from "./oidc-settings.ts";
import { backToConsole, OidcFailure, type OidcReason } from "./oidc-why.ts";

/** Where somebody begins. With `?fresh=1` the provider has to ask anew who they are. */
export const oidcStart: string = `${consolePath}/oidc/start`;
/** Where the provider sends them back. */
export const oidcCallback: string = `${consolePath}/oidc/callback`;
/** Where the page that they come back to leads them. */
export const oidcFinish: string = `${consolePath}/oidc/finish`;

/** What the console's sessions hold. */
export interface ConsoleFields {
  /** A log-in that is under way; null when it is over. */
  login?: UnderWay | null;
  /** Whom the provider described. */
  person?: SeatedPerson;
}

interface UnderWay extends Asked {
  /** Epoch ms. */
  readonly began: number;
  /** The provider has to ask anew. */
  readonly anew: boolean;
  /** Who sat there already, and has to be the one. */
  readonly subject: string | null;
}

/** Somebody who came by the provider. */
export interface SeatedPerson extends OidcPerson {
  /** Epoch ms at which they proved to the provider who they are, by the clock of this server; 0 when it does not say. */
  readonly provedAt: number;
  /** By which settings they were let in. */
  readonly rules: string;
}

/** Log-in with a provider of OpenID Connect. */
export interface OidcLogIn {
  /** Sends the browser to the provider. */
  start(ask: Ask): Promise<Response>;
  /** What the browser comes back to. */
  land(ask: Ask): Response;
  /** Begins the session, or proves anew whose it is, and leads to the console. */
  finish(ask: Ask): Promise<Response>;
}

/** What it works with. */
export interface OidcLogInOptions {
  readonly settings: OidcSettings;
  readonly secret: string | undefined;
  readonly session: (ask: Ask) => Promise<Session<ConsoleFields>>;
  /** How long a person's session lasts at most. */
  readonly absolute: "8h";
  readonly now: () => number;
  readonly log: Log;
  readonly addressOf: (ask: Ask) => string;
  /** Of log-ins that are begun, and of those that fail. */
  readonly limits: { readonly begun: AttemptLimiter; readonly failed: AttemptLimiter };
}

/** How long somebody may be at the provider, in ms. */
const longest = 10 * 60_000;
/** By how much the provider's clock may be behind, in ms. */
const skew = 30_000;

/** Authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 9700 §2.1.1). What was asked rests in the visitor's own session until they are back. */
export function oidcLogIn({ settings, secret, session: sessionOf, absolute, now, log, addressOf, limits }: OidcLogInOptions): OidcLogIn {
  const client = oidcClient(settings, settings.publicUrl + oidcCallback, secret);
  const rules = oidcRules(settings);

  async function begin(ask: Ask): Promise<Response> {
    // A page elsewhere could have somebody's session at the console replaced: its navigations come without the cookie.
    const site = ask.req.header("sec-fetch-site");
    if (site !== undefined && site !== "same-origin" && site !== "none") throw new OidcFailure("elsewhere");
    const address = addressOf(ask);
    if (!limits.begun.mayTry(address).ok || !limits.failed.mayTry(address).ok) throw new OidcFailure("busy");
    limits.begun.failed(address);
    const anew = ask.req.query("fresh") === "1";
    const session = await sessionOf(ask);
    const { url, asked } = await client.ask(anew);
    session.set("login", { ...asked, began: now(), anew, subject: anew ? (session.subject ?? null) : null });
    return new Response(null, { status: 303, headers: { Location: url.href, "Referrer-Policy": "no-referrer" } });
  }

  async function end(ask: Ask): Promise<Response> {
    if (!limits.failed.mayTry(addressOf(ask)).ok) throw new OidcFailure("busy");
    const session = await sessionOf(ask);
    const answer = answerIn(new URL(ask.req.url).searchParams);
    const underWay = await taken(session, answer.get("state"));
    try {
      if (now() - underWay.began > longest) throw new OidcFailure("expired");
      const claims = await client.claims(answer, underWay);
      await seat(session, claims, underWay);
    } catch (error) {
      // Nobody sits there, so there is nothing to keep.
      if (session.subject === undefined) await session.end();
      throw error;
    }
    return backToConsole();
  }

  /** Takes the log-in out of the session, so that of two that come back with the same state one goes on. */
  async function taken(session: Session<ConsoleFields>, state: string | null): Promise<UnderWay> {
    const wanted = session.get("login");
    // Another state is not this browser's: whoever made it lead here must not spoil the log-in that is.
    if (wanted === undefined || wanted === null || wanted.state !== state) throw new OidcFailure("state");
    let found: UnderWay | undefined;
    await session.update("login", (kept = null) => {
      found = kept?.state === state ? kept : undefined;
      return found === undefined ? kept : null;
    });
    if (found === undefined) throw new OidcFailure("state");
    return found;
  }

  async function seat(session: Session<ConsoleFields>, claims: Claims & { readonly sub: string }, { anew, began, subject: expected }: UnderWay): Promise<void> {
    const subject = oidcSubject(settings.issuer, claims.sub);
    if (expected !== null && expected !== subject) throw new OidcFailure("person");
    const person = oidcPerson(claims, settings);
    if (person === undefined) throw new OidcFailure("role", `claim ${settings.rolesClaim}`);
    const { auth_time: seconds } = claims;
    const provedAt = typeof seconds === "number" && seconds > 0 ? Math.min(seconds * 1_000, now()) : 0;
    if (anew && provedAt < began - skew) throw new OidcFailure("proof", provedAt === 0 ? "no auth_time" : "an old auth_time");
    await session.authenticate(subject, { methods: ["oidc"], absolute });
    session.set("person", { ...person, provedAt, rules });
    log.info("console: logged in", { by: person.name, subject, session: session.id });
  }

  async function orBack(ask: Ask, act: (ask: Ask) => Promise<Response>): Promise<Response> {
    try {
      return await act(ask);
    } catch (thrown) {
      // The session was ended meanwhile, or became another's by a request that was faster.
      const error = thrown instanceof SojournError && thrown.status === 401 ? new OidcFailure("state") : thrown;
      if (!(error instanceof OidcFailure)) throw error;
      const { why, ours } = error;
      if (counted.has(why)) limits.failed.failed(addressOf(ask));
      if (ours) log.error(`console: no log-in with the provider: ${error.message}`, error);
      else log.info(`console: no log-in with the provider: ${error.message}`, { why });
      return backToConsole(why);
    }
  }

  return {
    start: async (ask) => orBack(ask, begin),
    land: (ask) => {
      const answer = answerIn(new URL(ask.req.url).searchParams);
      return answer.size === 0 ? backToConsole("answer") : landingPage(oidcFinish, answer);
    },
    finish: async (ask) => orBack(ask, end),
  };
}

/** What somebody may have done on purpose to find a way in. Not `state`: a page of another site can lead browsers here with a wrong one. */
const counted: ReadonlySet<OidcReason> = new Set(["answer", "role", "person", "proof"]);
