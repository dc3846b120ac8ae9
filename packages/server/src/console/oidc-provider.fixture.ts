import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Provider, type ClientMetadata, type Configuration } from "oidc-provider";
import { later } from "../clean-up.fixture.ts";

/** A provider of OpenID Connect on a port of its own. Its host is `localhost`: to a browser that is another site than 127.0.0.1. */
export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Done to each request to its authorization endpoint, as a provider does that heeds less than it should. */
  spoil: ((query: URLSearchParams) => void) | undefined;
  /** While it is true, no connection is answered; or each is kept waiting. */
  away: boolean | "silent";
  /** Whom it asked for a password, in this order. */
  readonly asked: string[];
  /** All codes and tokens that it gave. */
  readonly given: string[];
}

/** What it says of people, by what they log in with. */
const people: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ada: { preferred_username: "ada", name: "Ada L.", roles: ["staff", "ops"] },
  lin: { name: "Lin", roles: "audit" },
  root: { preferred_username: "root", roles: ["audit", "chiefs", "ops"] },
  guest: { preferred_username: "guest", roles: ["staff"] },
};

/** Who comes from where, as what. */
export interface ProviderOptions {
  readonly redirectUri: string;
  readonly client?: Partial<ClientMetadata>;
  /** Whether ID tokens have the claims, or the userinfo endpoint alone has. */
  readonly inIdToken?: boolean;
}

/** Starts it; it stops with `cleanUp`. */
export async function testProvider({ redirectUri, client = {}, inIdToken = false }: ProviderOptions): Promise<TestProvider> {
  const clientSecret = "canary-client-secret-0123456789";
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const it: { -readonly [Key in keyof TestProvider]: TestProvider[Key] } = {
    issuer,
    clientId: "sojournd",
    clientSecret,
    spoil: undefined,
    away: false,
    asked: [],
    given: [],
  };
  const configuration: Configuration = {
    clients: [{ client_id: it.clientId, client_secret: clientSecret, redirect_uris: [redirectUri], require_auth_time: true, ...client }],
    claims: { openid: ["sub"], profile: ["preferred_username", "name", "roles"] },
    conformIdTokenClaims: !inIdToken,
    cookies: { keys: ["for these tests"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    async loadExistingGrant({ oidc: { provider: at, client: by, session } }) {
      const grant = new at.Grant({ clientId: by?.clientId as string, accountId: session?.accountId as string });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  };
  const provider = new Provider(issuer, configuration);
  provider.on("server_error", (_, error) => console.error(error));
  provider.on("authorization_code.saved", ({ jti }) => void it.given.push(jti));
  provider.on("access_token.saved", ({ jti }) => void it.given.push(jti));
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (it.away === "silent") return;
    if (it.away) return void request.socket.destroy();
    const url = new URL(request.url ?? "", issuer);
    if (url.pathname.startsWith("/interaction/")) return void interaction(request, response);
    if (url.pathname === "/auth" && it.spoil !== undefined) {
      it.spoil(url.searchParams);
      request.url = url.pathname + url.search;
    }
    void answer(request, response);
  });

  /** Asks who that is; there is no password to forget. */
  async function interaction(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt } = await provider.interactionDetails(request, response);
    if (request.method !== "POST") {
      response.setHeader("Content-Type", "text/html");
      response.end(
        '<title>Provider</title><form method="post"><label>Who? <input name="who"></label><button>Log in</button><button name="no" value="1">Cancel</button></form>',
      );
      return;
    }
    const form = new URLSearchParams(await text(request));
    if (form.get("no") === "1")
      return provider.interactionFinished(request, response, { error: "access_denied", error_description: "<b>canary-description</b>" });
    const who = form.get("who") ?? "";
    it.asked.push(`${prompt.name} ${who}`);
    return provider.interactionFinished(request, response, { login: { accountId: who } });
  }
  return it;
}
