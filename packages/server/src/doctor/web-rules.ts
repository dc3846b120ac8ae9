import { isLoopback } from "../host.ts";
import { application, inArea, mechanical, met, notMet, yours, type Case, type Judgement, type Rule } from "./rule.ts";

interface SetCookie {
  readonly name: string;
  readonly size: number;
  readonly attributes: ReadonlyMap<string, string>;
}

function parsed(line: string): SetCookie {
  const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
  const attributes = rest.map((part) => [part.split("=")[0]?.toLowerCase() ?? "", part.split("=")[1] ?? ""] as const);
  return { name: pair.split("=")[0] ?? "", size: Buffer.byteLength(pair), attributes: new Map(attributes) };
}

/** Judges every cookie that this server sets. @param local whether the console's, which is for this machine alone, is excused */
function cookies({ settings, facts }: Case, wants: (cookie: SetCookie) => boolean, why: string, fault: string, local = false): Judgement {
  const { visitor, console: seat } = facts.cookies;
  const here = isLoopback(settings.host) && !settings.behindTls;
  if (!wants(parsed(visitor)))
    return notMet(`The cookie of forward auth is ${fault}.`, "Install this release anew: its cookies are made by the library, and no setting changes that.");
  if (seat === undefined || wants(parsed(seat))) return met(why);
  if (local && here) return met(`${why} The console's, on plain http, goes to ${settings.host} alone and leaves no machine.`);
  return notMet(`The console's cookie is ${fault}.`, "Say behindTls, with a proxy that ends TLS in front, or set console to false.");
}

/** Whether what travels is encrypted, or leaves no machine. */
function transport({ settings: { host, behindTls } }: Case): Judgement {
  if (behindTls) return met("A proxy in front ends TLS (behindTls), and this server is reached through it alone. deploy/nginx.conf is one that was tested.");
  if (isLoopback(host)) return met(`It listens on ${host}: nothing leaves this machine.`);
  return notMet(
    `It speaks plain http on ${host}, which others can reach: keys and tokens go over the network in clear.`,
    "Put a proxy that ends TLS in front and say behindTls, or listen on 127.0.0.1.",
  );
}

const prefixed = ({ name, attributes }: SetCookie): boolean =>
  name.startsWith("__Host-") && attributes.get("path") === "/" && !attributes.has("domain") && attributes.has("secure");
const sameSite = ({ attributes }: SetCookie): boolean => /^(lax|strict)$/i.test(attributes.get("samesite") ?? "");

/** Cookies, browsers and the way there: ASVS V3, V4.4, V12, V14, and NIST on cookies. */
export const webRules: readonly Rule[] = [
  ...inArea("Cookies", [
    {
      id: "ASVS 3.3.1",
      requirement: "Cookies are Secure, with a __Host- or __Secure- name.",
      judge: (found) =>
        cookies(
          found,
          ({ name, attributes }) => attributes.has("secure") && /^__(Host|Secure)-/.test(name),
          "Cookies are Secure, and named __Host-Http-….",
          "not Secure, or has no prefix",
          true,
        ),
    },
    {
      id: "ASVS 3.3.2",
      requirement: "Every cookie says SameSite, as its purpose asks.",
      judge: (found) => cookies(found, sameSite, "Lax for visitors, Strict for the console; none is left to the browser.", "without SameSite"),
    },
    {
      id: "ASVS 3.3.3",
      requirement: "Cookies are named __Host-, unless other hosts are to have them.",
      judge: (found) => cookies(found, prefixed, "__Host-Http-…, Path=/, no Domain: __Host-, and no script can set one.", "not named __Host-", true),
    },
    {
      id: "ASVS 3.3.4",
      requirement: "Scripts cannot read a session's cookie, and its value comes in Set-Cookie alone.",
      judge: (found) =>
        cookies(found, ({ attributes }) => attributes.has("httponly"), "HttpOnly; answers to browsers carry the token nowhere else.", "not HttpOnly"),
    },
    {
      id: "ASVS 3.3.5",
      requirement: "A cookie's name and value are 4096 bytes at most.",
      judge: (found) =>
        cookies(found, ({ size }) => size <= 4096, "A token is 59 characters; sealed ones are split or refused before they are written.", "too long"),
    },
    {
      id: "RFC 6265bis lifetime",
      requirement: "Cookies last 400 days at most.",
      judge: (found) =>
        cookies(
          found,
          ({ attributes }) => Number(attributes.get("max-age") ?? 0) <= 34_560_000,
          "They end with the browser; deadlines beyond 400 days are refused.",
          "longer lived than 400 days",
        ),
    },
    mechanical(
      "NIST 63B 5.1.1 expiry",
      "A cookie's end is no session's end: time-outs are judged by the server.",
      ["idle sessions end", "activity moves no absolute deadline"],
      "Both deadlines are judged at every read; Max-Age only tidies up.",
    ),
    mechanical(
      "NIST 63B 5.1.1 opaque",
      "Cookies hold an opaque text and no personal data in clear.",
      ["stores hold no secret", "tokens are long and random"],
      "A token is a random id and a random secret; what a sealed one holds is encrypted.",
    ),
    {
      id: "NIST 63B 5.1.1 scope",
      requirement: "Cookies reach as few hosts as can be, by secure ways alone, and other sites' requests do not carry them along.",
      judge: (found) => cookies(found, (cookie) => prefixed(cookie) && sameSite(cookie), "One host, Secure, Path=/, SameSite.", "wider than one host", true),
    },
    mechanical(
      "Cookies read",
      "Cookies are found by their exact name, whatever else is in the header.",
      ["cookies are read by their exact name"],
      "Space and tab are all that is trimmed, names are compared as they are, and nothing is looked up in an object.",
    ),
    mechanical(
      "Cookies late",
      "A late answer never harms a newer session.",
      ["only a request that begins, changes or ends a session sets a cookie"],
      "A cookie is set by an answer that itself began, rotated or ended a session, and by no other.",
    ),
    mechanical(
      "RFC 6265bis size",
      "A token that is too long for one cookie is split within what browsers keep (50 a site), or refused.",
      ["a sealed token is opened only as it was sealed", "tokens are long and random"],
      "59 characters; sealed ones take 3 cookies unless told otherwise, 20 at most.",
    ),
    application(
      "CHIPS",
      "A cookie for embedding in other sites is Partitioned, Secure and SameSite=None.",
      'sojournd sets none; the library does for cookie({ partitioned: true, sameSite: "None" }).',
    ),
  ]),
  ...inArea("Browsers", [
    {
      id: "ASVS 3.4.1",
      requirement: "Answers carry Strict-Transport-Security of a year at least.",
      judge: ({ settings }) =>
        yours(
          settings.behindTls
            ? "The proxy that ends TLS has to add it. deploy/nginx.conf and deploy/Caddyfile do."
            : "It has a meaning over TLS alone: the proxy in front adds it, as deploy/nginx.conf does.",
        ),
    },
    mechanical(
      "ASVS 3.5.1",
      "Requests that other sites have a browser make change nothing.",
      ["other sites' requests change nothing"],
      "Application keys are no cookies; where a cookie counts, Fetch Metadata, and without it the Origin, are checked before unsafe methods.",
    ),
    application(
      "NIST 63B 5.1 forms",
      "Forms bring a text that is bound to their session (OWASP CSRF, double submit).",
      "csrf: {} of sojourn/http gives and checks one, for pages of yours with forms; sojournd has none.",
    ),
    application(
      "ASVS 3.5.2",
      "Where CORS preflights are relied upon, no simple request does the same.",
      "sojournd answers no preflight and takes JSON alone (415 else); your application's forms are yours: csrf: {} of sojourn/http.",
    ),
    {
      id: "ASVS 3.5.3",
      requirement: "GET, HEAD and OPTIONS change nothing.",
      judge: () =>
        met(
          "The API's GETs read (invariant: an operation says its method once, and every route is tested from it); forward auth may rotate a secret, which changes nobody's rights.",
        ),
    },
    application(
      "ASVS 3.5.8",
      "What needs a log-in is loaded by other sites only where that is meant.",
      "Answers of the API are no-store and nosniff; Cross-Origin-Resource-Policy of your pages is yours.",
    ),
    application(
      "ASVS 14.3.1",
      "After a log-out nothing of it stays in the browser.",
      "The library sends Clear-Site-Data where clearSiteData is set; your pages decide what they keep.",
    ),
    mechanical(
      "ASVS 14.3.2",
      "No cache keeps answers that are somebody's (14.2.2, 14.2.5).",
      ["no shared cache keeps an answer with a session"],
      "Answers of the API say no-store, and those that used a session are kept out of shared caches.",
    ),
    application("ASVS 14.3.3", "Browser storage holds nothing sensitive.", "Neither the console nor the library keeps a token there; your scripts are yours."),
  ]),
  ...inArea("The way there", [
    { id: "ASVS 12.2.1", requirement: "TLS between clients and whatever they can reach.", judge: transport },
    {
      id: "NIST 63B 5.1 channel",
      requirement: "Secrets travel by protected channels alone, unseen by others between, and never fall back to plain http.",
      judge: transport,
    },
    application(
      "ASVS 4.4.1",
      "WebSockets over TLS, with the Origin checked (4.4.2) and tokens of their own from the session (4.4.3, 4.4.4).",
      "sojournd speaks none. session.ticket gives a token that works once, for one purpose, for a minute; TLS and the Origin are your server's.",
    ),
  ]),
];
