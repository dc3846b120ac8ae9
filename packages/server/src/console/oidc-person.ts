import { createHash } from "node:crypto";
import type { OidcRole, OidcSettings } from "./oidc-settings.ts";

/** What a provider says of somebody. */
export type Claims = Readonly<Record<string, unknown>>;

/** Somebody whom a provider knows, as the console takes them. */
export interface OidcPerson extends OidcRole {
  /** What stands in endings as who did it. */
  readonly name: string;
}

/** How the subject of such a person's session begins. The id of no key has a colon. */
export const oidcPrefix = "oidc:";

const longestName = 100;
const ranks: readonly OidcRole["role"][] = ["auditor", "operator", "admin"];

/** `oidc:` and a digest: `sub` alone is one person's at one issuer only (OpenID Connect Core 1.0 §5.7), and may be an address of theirs. */
export function oidcSubject(issuer: string, sub: string): string {
  return (
    oidcPrefix +
    createHash("sha256")
      .update(JSON.stringify([issuer, sub]))
      .digest("base64url")
  );
}

/** What decides who is let in as what, as a short digest: whoever was let in by other settings has to come anew. */
export function oidcRules({ issuer, clientId, rolesClaim, roles }: OidcSettings): string {
  const rules = JSON.stringify([issuer, clientId, rolesClaim, Object.entries(roles).map(([value, { role, tenant }]) => [value, role, tenant])]);
  return createHash("sha256").update(rules).digest("base64url").slice(0, 22);
}

/** Whom the claims describe; `undefined` when they name no role. Of several the strongest counts, and of equals the one that the settings name first. */
export function oidcPerson(claims: Claims, { rolesClaim, roles, nameClaim }: OidcSettings): OidcPerson | undefined {
  const values = new Set(valuesOf(claimOf(claims, rolesClaim)));
  let best: OidcRole | undefined;
  for (const [value, given] of Object.entries(roles))
    if (values.has(value) && (best === undefined || ranks.indexOf(given.role) > ranks.indexOf(best.role))) best = given;
  return best === undefined ? undefined : { name: nameOf(claims, nameClaim), ...best };
}

/** The claim of that name, else what the dots in the name lead to. */
export function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Claims)[part];
  }
  return at;
}

function valuesOf(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === "string");
}

/** Providers let people choose theirs: one line, without characters that nobody sees or that turn the line around. */
function nameOf(claims: Claims, nameClaim: string | undefined): string {
  for (const name of nameClaim === undefined ? ["preferred_username", "name", "sub"] : [nameClaim, "sub"]) {
    const value = claimOf(claims, name);
    const shown = typeof value === "string" ? value.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim() : "";
    if (shown !== "") return Array.from(shown).slice(0, longestName).join("");
  }
  return "somebody";
}
