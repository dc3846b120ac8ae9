import { SojournError } from "../core/errors.ts";
import type { Client, HandBack, Resumable, Visit } from "../core/resumable.ts";
import type { Carrier, HeaderCarrier } from "./carriers.ts";
import type { ClearedData } from "./clear-site-data.ts";
import { agentText, isLoopback } from "./client.ts";
import type { SetCookies } from "./cookie.ts";
import type { CsrfOptions } from "./csrf.ts";
import { isCrossOrigin, isSafe, isUnstated } from "./origin.ts";
import { problem, type Problem } from "./problem.ts";
import { checkRoute, withoutRoute, withRoute } from "./route.ts";
import type { Forwarding, TrustedProxies } from "./trusted-proxies.ts";
import { warnOnce } from "./warn.ts";

/** Settings of every web adapter. */
export interface WebOptions {
  /** How tokens come and go. Of several the first that brings a token counts; a visitor without one is handed theirs by the first cookie among them. */
  readonly carriers: readonly Carrier[];
  /** Which proxies to believe about the client's address and TLS. Default: none; the address is the connection's. */
  readonly client?: TrustedProxies;
  /** Other origins whose pages may send unsafe requests here with this site's cookies, such as `"https://admin.example.com"`. Default none. */
  readonly origins?: readonly string[];
  /**
   * Requires of every unsafe request whose session comes by a cookie, or that has none yet, the text that `csrfToken(session)` gave for this session, in a form's
   * field or in a header; else it is refused (403), whatever it says of its origin. Default: the check of the origin alone.
   */
  readonly csrf?: CsrfOptions;
  /** What browsers forget of this site when a session ends by its own request (Clear-Site-Data), over https only. Default nothing. */
  readonly clearSiteData?: readonly ClearedData[];
  /**
   * This process's name as the load balancer in front knows it, 1 to 32 small letters, digits and "-": it stands after every token that is handed out by a cookie
   * or in a page's links, `<id>.<secret>.n1`, for the balancer to send the visitor back here. Default none. Whatever route a request's token names is taken
   * off, with or without this. A request that some other process's visitor makes here changes nothing by itself: its next log-in or rotation names this one.
   */
  readonly route?: string;
  /**
   * Told why a problem answer took the place of the handler's (the session ended meanwhile, the store is broken).
   * Default: a line on stderr for what has status 500 or more.
   */
  readonly onFailure?: (error: unknown) => void;
}

/** What every web adapter tells of itself, for what is built on it, such as tests. */
export interface WebSessions<Data> {
  /** Whose sessions these are. */
  readonly manager: Resumable<Data>;
  /** How tokens come and go, as it was told. */
  readonly carriers: readonly Carrier[];
}

/** How an adapter's requests are read. */
export interface RequestReader<Request> {
  method(request: Request): string;
  /** @param name lower case. */
  header(request: Request, name: string): string | undefined;
  host(request: Request): string | undefined;
  /** Address at the other end of the connection. */
  peer(request: Request): string | undefined;
  /** Whether the connection itself is TLS. */
  encrypted(request: Request): boolean;
  /** The URL, with or without an origin. Needed for carriers outside headers. */
  url?(request: Request): string;
}

/** A visit, and by which carrier. */
export interface Knock<Request> extends Visit {
  readonly request: Request;
  /** That will hand a token back: the one that brought it, or the first cookie. */
  readonly carrier: Carrier | undefined;
}

/** What the adapters share: they know requests and answers of one framework, this knows carriers. */
export interface Door<Request> {
  /** The Vary of an answer that used a session: the request headers in which the carriers look. */
  readonly vary: string;
  /** The visit that a request is. Reads no more than it must: the client is looked at only if the manager asks. */
  knock(request: Request, onPending: () => void): Knock<Request>;
  /** The `cross_site` error when a page of another origin sent the request and the session would come, or be handed back, by a cookie. */
  refusal(request: Request): SojournError | undefined;
  /** The same, however the session would come. */
  crossed(request: Request): SojournError | undefined;
  /**
   * The Set-Cookie value, or several.
   * @param given the Cookie header, where the client has more by now than the request brought. @throws {SojournError} `too_large`
   */
  setCookie(knock: Knock<Request>, back: HandBack, given?: string): SetCookies | undefined;
  /** The answer in place of the handler's. Reports the error. */
  problem(error: unknown): Problem;
  /** Whether the request came over TLS, as far as is known. */
  isSecure(request: Request): boolean;
}

/** @throws {SojournError} `invalid_option` */
export function webDoor<Request>(options: WebOptions, reader: RequestReader<Request>): Door<Request> {
  const { client: proxies, route, onFailure = report } = options;
  if (route !== undefined) checkRoute("route", route);
  if (options.carriers.length === 0)
    throw new SojournError("invalid_option", "carriers is empty. Say how tokens travel: carriers: [cookie()], [bearer()] or both.");
  const carriers = options.carriers.filter((carrier): carrier is HeaderCarrier => carrier.place === undefined);
  const origins = new Set((options.origins ?? []).map(checkOrigin));
  const handing = carriers.find((carrier) => carrier.setCookie !== undefined);
  const former = formerOf(carriers, handing);
  const challenge = carriers.find((carrier) => carrier.challenge !== undefined)?.challenge;

  function knock(request: Request, onPending: (() => void) | undefined): Knock<Request> {
    const client = (): Client => ({
      address: proxies === undefined ? reader.peer(request) : proxies.address(forwarding(request)),
      agent: agentText(reader.header(request, "user-agent")),
    });
    for (const carrier of carriers) {
      const value = reader.header(request, carrier.header);
      const given = value === undefined ? undefined : carrier.read(value);
      if (given === undefined) continue;
      const token = withoutRoute(given);
      const by = carrier.takeAway === undefined || handing === undefined ? carrier : handing;
      return { request, carrier: by, token, rotates: by.setCookie !== undefined, place: by.bound, room: by.room, onPending, client };
    }
    return { request, carrier: handing, token: undefined, rotates: handing !== undefined, place: handing?.bound, room: handing?.room, onPending, client };
  }

  function forwarding(request: Request): Forwarding {
    return { peer: reader.peer(request), forwardedFor: reader.header(request, "x-forwarded-for"), forwardedProto: reader.header(request, "x-forwarded-proto") };
  }

  function isSecure(request: Request): boolean {
    return proxies?.secure(forwarding(request)) ?? reader.encrypted(request);
  }

  function crossed(request: Request, alsoUnstated: boolean): SojournError | undefined {
    const method = reader.method(request);
    const from = {
      method,
      site: reader.header(request, "sec-fetch-site"),
      origin: reader.header(request, "origin"),
      host: reader.host(request),
      secure: isSecure(request),
    };
    if (!isCrossOrigin(from, origins) && !(alsoUnstated && isUnstated(from))) return undefined;
    return new SojournError("cross_site", `A page of another origin sent this ${method} request. If it may, name its origin in origins.`);
  }

  return {
    vary: [...new Set(carriers.map(({ header }) => capitalised(header)))].join(", "),
    knock,
    refusal(request) {
      const method = reader.method(request);
      if (isSafe(method) || handing === undefined) return undefined;
      const { carrier } = knock(request, undefined);
      if (carrier?.setCookie === undefined) return undefined;
      return crossed(request, carrier.crossSite === true);
    },
    crossed: (request) => (isSafe(reader.method(request)) ? undefined : crossed(request, false)),
    setCookie({ request, carrier }, settled, given = reader.header(request, "cookie")) {
      if (carrier?.setCookie === undefined) return undefined;
      const back = route === undefined || settled.token === undefined ? settled : { ...settled, token: withRoute(settled.token, route) };
      if (carrier.secure === true && back.token !== undefined && !isSecure(request) && !isLoopback(reader.host(request) ?? "")) warnPlain();
      const first = carrier.setCookie(back);
      const parts = carrier.setParts?.(back, given) ?? [];
      const gone = former.length === 0 || given === undefined ? [] : former.flatMap(({ takeAway }) => takeAway?.(given) ?? []);
      return parts.length === 0 && gone.length === 0 ? first : [first, ...parts, ...gone];
    },
    isSecure,
    problem(error) {
      try {
        onFailure(error);
      } catch (fault) {
        // A logger that fails must not keep the answer from the client.
        report(fault);
      }
      return problem(error, challenge);
    },
  };
}

/** @throws {SojournError} `invalid_option` */
function formerOf(carriers: readonly HeaderCarrier[], handing: HeaderCarrier | undefined): readonly HeaderCarrier[] {
  const former = carriers.filter(({ takeAway }) => takeAway !== undefined);
  const [first] = former;
  if (first === undefined) return former;
  if (handing === undefined || carriers.indexOf(first) < carriers.indexOf(handing))
    throw new SojournError(
      "invalid_option",
      "carriers: formerCookie() comes after a cookie(), which hands back what the former brought, and whose session it must not override.",
    );
  const name = former.find(({ bound }) => carriers.some((other) => other.takeAway === undefined && other.bound === bound))?.bound;
  if (name === undefined) return former;
  throw new SojournError("invalid_option", `carriers: cookie() and formerCookie() have one name, ${JSON.stringify(name)}. Give cookie() another.`);
}

function warnPlain(): void {
  warnOnce(
    "SOJOURN_PLAIN_HTTP",
    "A Secure session cookie was sent over what looks like plain http; browsers will drop it, and nobody stays logged in. " +
      "Behind a proxy that ends TLS, say so with client: trustedProxies(1). For development on another host than localhost: cookie({ insecure: true }).",
  );
}

function report(error: unknown): void {
  if (error instanceof SojournError && error.status < 500) return;
  // oxlint-disable-next-line no-console -- the default of onFailure; whoever has a logger gives it
  console.error(error instanceof SojournError ? `sojourn: ${error.code}: ${error.message}` : error);
}

function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin && origin !== "null") return origin;
  throw new SojournError(
    "invalid_option",
    `origins: ${JSON.stringify(origin)} is not an origin. Give scheme, host and port if it is not the scheme's own, such as "https://admin.example.com".`,
  );
}

function capitalised(header: string): string {
  return header.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
