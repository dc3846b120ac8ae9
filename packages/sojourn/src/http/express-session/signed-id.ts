import { createHmac, timingSafeEqual, type BinaryLike, type KeyObject } from "node:crypto";
import { deprecate } from "./deprecate.ts";
import type { SessionRequest } from "./request.ts";

/** Whatever `createHmac` takes. */
export type Secret = BinaryLike | KeyObject;

/** `s:`, the id, a dot and its HMAC-SHA256 in base64 without padding: the value of express-session's cookie. */
export function signed(id: string, secret: Secret): string {
  return `s:${id}.${macOf(id, secret)}`;
}

/** The id in a signed value, if one of the secrets made it; in constant time. The id itself may hold dots. */
export function verified(value: string, secrets: readonly Secret[]): string | undefined {
  if (!value.startsWith("s:")) return undefined;
  const dot = value.lastIndexOf(".");
  if (dot < 2) return undefined;
  const id = value.slice(2, dot);
  const mac = Buffer.from(value.slice(dot + 1));
  for (const secret of secrets) {
    const own = Buffer.from(macOf(id, secret));
    if (own.length === mac.length && timingSafeEqual(own, mac)) return id;
  }
  return undefined;
}

function macOf(id: string, secret: Secret): string {
  return createHmac("sha256", secret).update(id).digest("base64").replace(/=+$/, "");
}

/** The session id that a request brought, with a signature by one of the secrets. Looks also where `cookie-parser` puts what it took. */
export function idOf(request: SessionRequest, name: string, secrets: readonly Secret[]): string | undefined {
  const { headers, signedCookies, cookies } = request;
  const value = headers.cookie === undefined ? undefined : firstCookie(headers.cookie, name);
  const id = value === undefined ? undefined : verified(value, secrets);
  if (id !== undefined && id !== "") return id;
  const parsed = signedCookies?.[name];
  const raw = cookies?.[name];
  const given = typeof parsed === "string" && parsed !== "" ? parsed : typeof raw === "string" ? verified(raw, secrets) : undefined;
  if (given === undefined || given === "") return undefined;
  deprecate("cookie should be available in req.headers.cookie");
  return given;
}

/** The first cookie of that name, percent-decoded. The first, because browsers put the one with the longest path there (RFC 6265, section 5.4). */
function firstCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1 || trimmed(pair.slice(0, equals)) !== name) continue;
    const value = trimmed(pair.slice(equals + 1));
    return decoded(value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
  }
  return undefined;
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
