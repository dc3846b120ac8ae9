/** Attributes as `cookies().set()` of Next.js takes them. */
export interface JarAttributes {
  readonly path?: string;
  readonly domain?: string;
  /** Seconds. */
  readonly maxAge?: number;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  readonly sameSite?: "strict" | "lax" | "none";
  readonly partitioned?: boolean;
}

/** As much of what `cookies()` gives as is needed. */
export interface CookieJar {
  set(name: string, value: string, attributes: JarAttributes): unknown;
}

/** Puts a Set-Cookie value (RFC 6265bis, "The Set-Cookie Header Field") of a carrier into the jar, which writes it again. */
export function putInJar(jar: CookieJar, line: string): void {
  const [pair = "", ...rest] = line.split(";");
  const [name, value] = halves(pair);
  const given = new Map(rest.map((part) => halves(part)).map(([key, text]) => [key.toLowerCase(), text]));
  const [path, domain, maxAge, sameSite] = ["path", "domain", "max-age", "samesite"].map((key) => given.get(key));
  jar.set(name, value, {
    ...(path !== undefined && { path }),
    ...(domain !== undefined && { domain }),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    ...(given.has("secure") && { secure: true }),
    ...(given.has("httponly") && { httpOnly: true }),
    ...(sameSite !== undefined && { sameSite: sameSite.toLowerCase() as "strict" | "lax" | "none" }),
    ...(given.has("partitioned") && { partitioned: true }),
  });
}

function halves(part: string): readonly [name: string, value: string] {
  const at = part.indexOf("=");
  return at === -1 ? [part.trim(), ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}
