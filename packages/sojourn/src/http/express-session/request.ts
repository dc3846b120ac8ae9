import type { IncomingMessage } from "node:http";
import type { Session } from "./request-session.ts";
import type { Secret } from "./signed-id.ts";
import type { Store } from "./store.ts";

/** What is put on a request, and what others (Express, cookie-parser) may have put there. */
export interface SessionRequest extends IncomingMessage {
  session?: Session | null | undefined;
  sessionID?: string | undefined;
  sessionStore?: Store | undefined;
  secret?: Secret | undefined;
  secure?: boolean | undefined;
  ip?: string | undefined;
  originalUrl?: string | undefined;
  cookies?: Readonly<Record<string, unknown>> | undefined;
  signedCookies?: Readonly<Record<string, unknown>> | undefined;
}

/** Whether the request came over TLS: by its own connection, by X-Forwarded-Proto if the proxy is trusted, and where nothing is said as Express judges. */
export function isSecure(request: SessionRequest, proxy: boolean | undefined): boolean {
  if ((request.socket as { readonly encrypted?: boolean } | undefined)?.encrypted === true) return true;
  if (proxy === false) return false;
  if (proxy === undefined) return request.secure === true;
  const forwarded = request.headers["x-forwarded-proto"] ?? "";
  const [first = ""] = String(forwarded).split(",");
  return first.trim().toLowerCase() === "https";
}

/** The path that the client asked for, whatever a router has taken off since. */
export function pathOf({ originalUrl, url }: SessionRequest): string {
  const asked = originalUrl ?? url ?? "";
  if (asked.startsWith("/")) return asked.replace(/[?#].*$/s, "");
  return URL.canParse(asked) ? new URL(asked).pathname : "/";
}
