import type * as OpenidClient from "openid-client";
import type { ClientAuth, Configuration } from "openid-client";
import { claimOf, type Claims } from "./oidc-person.ts";
import type { OidcSettings } from "./oidc-settings.ts";
import { OidcFailure } from "./oidc-why.ts";

/** What has to be known again when somebody comes back from the provider. */
export interface Asked {
  readonly state: string;
  /** Comes back within the ID token (OpenID Connect Core 1.0 §3.1.2.1). */
  readonly nonce: string;
  /** Of PKCE (RFC 7636 §4.1). */
  readonly verifier: string;
}

/** This server as a client of the provider. */
export interface OidcClient {
  /** Where the browser has to go, and what it has to bring back. @param anew whether the provider has to ask who that is @throws {OidcFailure} */
  ask(anew: boolean): Promise<{ readonly url: URL; readonly asked: Asked }>;
  /** Exchanges the code for what the provider says of the person, once all that has to be checked is. @throws {OidcFailure} */
  claims(answer: URLSearchParams, asked: Asked): Promise<Claims & { readonly sub: string }>;
}

/** Of one request to the provider, in seconds. */
const patience = 5;
/** After so long the provider's metadata are asked for again, in ms. */
const metadataLast = 3_600_000;

/**
 * The provider is asked for its metadata when somebody first wants to log in, and again after a failure: one that is away keeps no server from starting.
 * @param redirectUri where browsers come back @param secret without it this is a public client, which PKCE alone protects
 */
export function oidcClient({ issuer, clientId, scopes, rolesClaim }: OidcSettings, redirectUri: string, secret: string | undefined): OidcClient {
  let known: { readonly configuration: Promise<Configuration>; readonly until: number } | undefined;

  async function discovered(): Promise<Configuration> {
    const oidc = await import("openid-client");
    // The name of the method is what the provider says; where it says nothing, it is the header (OpenID Connect Discovery 1.0 §3).
    const authentication: ClientAuth = (provider, client, body, headers) => {
      if (secret === undefined) return oidc.None()(provider, client, body, headers);
      const methods = provider.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
      const method = !methods.includes("client_secret_basic") && methods.includes("client_secret_post") ? oidc.ClientSecretPost : oidc.ClientSecretBasic;
      return method(secret)(provider, client, body, headers);
    };
    const url = new URL(issuer);
    // Marked as deprecated only to stand out. The settings allow http for loopback addresses alone.
    // oxlint-disable-next-line typescript/no-deprecated
    const execute = [oidc.enableNonRepudiationChecks, ...(url.protocol === "http:" ? [oidc.allowInsecureRequests] : [])];
    return oidc.discovery(url, clientId, undefined, authentication, { timeout: patience, execute });
  }

  async function configured(): Promise<Configuration> {
    if (known === undefined || known.until < performance.now()) known = { configuration: discovered(), until: performance.now() + metadataLast };
    const { configuration } = known;
    try {
      return await configuration;
    } catch (error) {
      if (known?.configuration === configuration) known = undefined;
      throw new OidcFailure("unreachable", codesOf(error), true);
    }
  }

  return {
    async ask(anew) {
      const oidc = await import("openid-client");
      const configuration = await configured();
      const asked = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes,
        state: asked.state,
        nonce: asked.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(asked.verifier),
        code_challenge_method: "S256",
        ...(anew && { prompt: "login", max_age: "0" }),
      });
      return { url, asked };
    },
    async claims(answer, { state, nonce, verifier }) {
      const oidc = await import("openid-client");
      const configuration = await configured();
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
        const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${redirectUri}?${answer.toString()}`), checks);
        const claims = tokens.claims();
        if (claims === undefined) throw new OidcFailure("answer", "no ID token");
        // Many providers say there what they do not put into ID tokens.
        if (claimOf(claims, rolesClaim) !== undefined || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
        const more = await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub);
        return { ...more, auth_time: claims.auth_time, ...claims };
      } catch (error) {
        throw error instanceof OidcFailure ? error : failureOf(error, oidc);
      }
    },
  };
}

/** What it means that the exchange failed. */
function failureOf(error: unknown, oidc: typeof OpenidClient): OidcFailure {
  const said = codesOf(error);
  if (error instanceof oidc.AuthorizationResponseError) return new OidcFailure(error.error === "access_denied" ? "denied" : "provider", said);
  // A code that was used, or waited too long, or is for another verifier.
  if (error instanceof oidc.ResponseBodyError && error.error === "invalid_grant") return new OidcFailure("answer", said);
  if (/\binvalid_client\b|\b401\b/.test(said))
    return new OidcFailure("provider", `${said}: it does not know this server as its client. Look at oidc.clientId and SOJOURN_OIDC_CLIENT_SECRET`, true);
  if (error instanceof oidc.ResponseBodyError || /NOT_CONFORM|NOT_JSON/.test(said)) return new OidcFailure("provider", said, true);
  if (error instanceof TypeError || /TIMEOUT|ABORT/.test(said)) return new OidcFailure("unreachable", said, true);
  return new OidcFailure("answer", said);
}

/** What a provider may answer with (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core 1.0 §3.1.2.6). Another word is not written down. */
const oauthErrors = new Set(
  "access_denied account_selection_required consent_required interaction_required invalid_client invalid_grant invalid_request invalid_scope login_required request_not_supported request_uri_not_supported registration_not_supported server_error temporarily_unavailable unauthorized_client unsupported_grant_type unsupported_response_type".split(
    " ",
  ),
);

/** Codes alone: the messages and causes of such errors may hold what was sent, tokens among it. */
function codesOf(error: unknown): string {
  const codes: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code, error: named, status } = at as { readonly code?: unknown; readonly error?: unknown; readonly status?: unknown };
    if (typeof code === "string" && /^[A-Z_]{1,64}$/.test(code)) codes.push(code);
    if (typeof named === "string" && oauthErrors.has(named)) codes.push(named);
    if (typeof status === "number") codes.push(String(status));
  }
  return codes.join(", ") || "no code";
}
