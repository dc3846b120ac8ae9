import { foreign } from "./foreign.ts";
import type { Foreign, SubjectOf } from "./readers.ts";

/**
 * What the claims of a JSON Web Token say at this moment (RFC 7519 section 4.1): `sub`, `iat` and `exp` leave the data for their own places; `nbf` is obeyed.
 * `undefined` when it is too late, too early, or a time is no number. There is no tolerance: what makes the tokens has a clock that is about right.
 */
export function foreignOfClaims(claims: Record<string, unknown>, now: number, subjectOf: SubjectOf = subjectOfClaims): Foreign | undefined {
  const { iat, exp, nbf } = claims;
  const issued = millisecondsOf(iat);
  const expires = millisecondsOf(exp);
  const begins = millisecondsOf(nbf);
  if (issued === "wrong" || expires === "wrong" || begins === "wrong") return undefined;
  if ((expires !== undefined && expires <= now) || (begins !== undefined && begins > now)) return undefined;
  const { subject } = foreign(claims, subjectOf);
  const data = { ...claims };
  delete data["iat"];
  delete data["exp"];
  if (subject !== undefined && subject === data["sub"]) delete data["sub"];
  return {
    data,
    ...(subject === undefined ? {} : { subject }),
    ...(issued === undefined ? {} : { issued }),
    ...(expires === undefined ? {} : { expires }),
  };
}

/** A `sub` that cannot be a subject stays where it is, among the data. */
function subjectOfClaims({ sub }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof sub === "string" && sub.length > 0 && sub.length <= 512 ? sub : undefined;
}

/** A NumericDate counts seconds (RFC 7519 section 2). */
function millisecondsOf(date: unknown): number | "wrong" | undefined {
  if (date === undefined) return undefined;
  return typeof date === "number" && Number.isFinite(date * 1_000) ? Math.floor(date * 1_000) : "wrong";
}
