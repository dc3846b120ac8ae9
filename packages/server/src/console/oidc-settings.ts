import { isIPv4 } from "node:net";
import { watchers } from "@sojourn/client/operations";
import { z } from "zod";
import { StartFailure } from "../start-failure.ts";

/** What somebody may do at the console whose claims have a certain value. */
export interface OidcRole {
  readonly role: (typeof watchers)[number];
  /** Whose sessions they see. */
  readonly tenant: string;
}

/** Log-in with a provider of OpenID Connect. The client's secret is no part of it: it comes from the environment. */
export interface OidcSettings {
  /** As the provider's metadata has it (OpenID Connect Discovery 1.0 §3). */
  readonly issuer: string;
  readonly clientId: string;
  /** The origin under which browsers reach this server. */
  readonly publicUrl: string;
  readonly rolesClaim: string;
  /** By the value that the claim has, or has among others. */
  readonly roles: Readonly<Record<string, OidcRole>>;
  readonly scopes: string;
  /** What people are called; undefined: `preferred_username`, else `name`, else `sub`. */
  readonly nameClaim: string | undefined;
}

// Each message ends the sentence "<setting> must be …".

const aUrl = "an https URL without user, query, fragment and /.well-known/ (http for a loopback address alone), such as https://id.example.com";
const anOrigin = "the https origin under which browsers reach this server (http for a loopback address alone), such as https://sessions.example.com";
const aClientId = "the client's id at the provider: 1 to 255 printable ASCII characters";
const aClaim = "a claim's name, 1 to 255 characters, or with dots the way to it, such as realm_access.roles";
const theRoles = 'an object with one claim value or more, such as { "sojourn-operators": "operator" }';
const aRole = 'operator, auditor or admin, or an object with one of them as role and with a tenant, such as { "role": "operator", "tenant": "shop" }';
const aTenant = "1 to 63 letters, digits and hyphens, beginning with a letter or a digit";
const theScopes = 'scopes with a space between them, "openid" among them, such as "openid profile groups"';
const anObject = "an object with issuer, clientId, publicUrl and roles, and perhaps rolesClaim, scopes and nameClaim";

const claim = z.string(aClaim).min(1, aClaim).max(255, aClaim);
const role = z.enum(watchers, aRole);
const tenant = z.string(aTenant).regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, aTenant);

/** The setting's schema, with what holds where nothing is said. */
export const oidcSchema: z.ZodType<OidcSettings> = z
  .strictObject(
    {
      // With the address of its metadata nobody could tell whether they are this issuer's.
      issuer: z.string(aUrl).refine((text) => isSafeUrl(text) && !text.includes("/.well-known/"), aUrl),
      clientId: z.string(aClientId).regex(/^[\x20-\x7e]{1,255}$/, aClientId),
      publicUrl: z.string(anOrigin).refine((text) => isSafeUrl(text) && new URL(text).pathname === "/", anOrigin),
      rolesClaim: claim.optional(),
      roles: z
        .record(z.string(theRoles).min(1, theRoles), z.union([role, z.strictObject({ role, tenant: tenant.optional() })], aRole), theRoles)
        .refine((roles) => Object.keys(roles).length > 0, theRoles),
      scopes: z
        .string(theScopes)
        .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, theScopes)
        .refine((scopes) => scopes.split(" ").includes("openid"), theScopes)
        .optional(),
      nameClaim: claim.optional(),
    },
    anObject,
  )
  .transform(({ issuer, clientId, publicUrl, rolesClaim = "roles", roles, scopes = "openid profile", nameClaim }) => ({
    issuer,
    clientId,
    publicUrl: new URL(publicUrl).origin,
    rolesClaim,
    roles: Object.fromEntries(
      Object.entries(roles).map(([value, given]) => [
        value,
        typeof given === "string" ? { role: given, tenant: "main" } : { role: given.role, tenant: given.tenant ?? "main" },
      ]),
    ),
    scopes,
    nameClaim,
  }));

/** Whether it goes together with the others. @throws {StartFailure} naming the setting and the fix */
export function checkOidc(set: {
  readonly oidc: OidcSettings | undefined;
  readonly consoleKeys: boolean;
  readonly console: boolean;
  readonly behindTls: boolean;
}): void {
  const { oidc, consoleKeys, console, behindTls } = set;
  if (console && !consoleKeys && oidc === undefined)
    throw new StartFailure("consoleKeys is false and oidc is not set: nobody could log in at the console. Set oidc, or leave consoleKeys out.");
  if (oidc === undefined) return;
  const tls = oidc.publicUrl.startsWith("https:");
  if (tls && !behindTls)
    throw new StartFailure(`oidc.publicUrl is ${oidc.publicUrl}, and sojournd speaks plain http. Put a proxy that ends TLS in front and say --behind-tls.`);
  if (!tls && behindTls) throw new StartFailure(`oidc.publicUrl is ${oidc.publicUrl}, and a proxy in front ends TLS (--behind-tls). Give its https origin.`);
}

/** The names of a role's parts. */
export const oidcRoleNames: readonly string[] = ["role", "tenant"];

/** The names of its parts. */
export const oidcNames: readonly string[] = ["issuer", "clientId", "publicUrl", "rolesClaim", "roles", "scopes", "nameClaim"];

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text) || /[\s\\?#]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  // What never leaves the machine nobody reads.
  const loopback = hostname === "localhost" || hostname === "[::1]" || (isIPv4(hostname) && hostname.startsWith("127."));
  return protocol === "https:" || (protocol === "http:" && loopback);
}
