import type { TestProvider } from "./oidc-provider.fixture.ts";

/** A browser as far as cookies go: what is SameSite=Strict it sends only with what our own pages began. */
export interface Visitor {
  /** One request; redirects are not followed. */
  go(
    url: string,
    options?: {
      readonly foreign?: boolean;
      readonly method?: string;
      readonly form?: Record<string, string>;
      readonly json?: object;
      readonly headers?: Record<string, string>;
    },
  ): Promise<Response>;
  /** The Cookie header for a host. */
  cookies(host: string): string;
  /** Drops what it has of a host. */
  forget(host: string): void;
  readonly server: string;
}

/** Somebody at the console of a server. @param always headers of each request, such as a proxy's */
export function visitor(server: string, always: Readonly<Record<string, string>> = {}): Visitor {
  const jar = new Map<string, { readonly value: string; readonly strict: boolean }>();
  function cookies(host: string, foreign = false): string {
    return [...jar]
      .flatMap(([key, { value, strict }]) => (key.startsWith(`${host} `) && !(foreign && strict) ? [`${key.slice(host.length + 1)}=${value}`] : []))
      .join("; ");
  }
  return {
    server,
    cookies,
    forget(host) {
      for (const key of jar.keys()) if (key.startsWith(`${host} `)) jar.delete(key);
    },
    async go(url, { foreign = false, method = "GET", form, json, headers } = {}) {
      const { host } = new URL(url);
      const response = await fetch(url, {
        method: form === undefined && json === undefined ? method : "POST",
        redirect: "manual",
        headers: {
          Cookie: cookies(host, foreign),
          "Sec-Fetch-Site": foreign ? "cross-site" : "same-origin",
          ...always,
          ...(json !== undefined && { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        ...(form !== undefined && { body: new URLSearchParams(form) }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(`${host} ${name}`);
        else jar.set(`${host} ${name}`, { value, strict: /samesite=strict/i.test(line) });
      }
      return response;
    },
  };
}

const to = (response: Response): string => response.headers.get("location") ?? "";

/** Begins a log-in. @returns where the browser is sent */
export async function begin(who: Visitor, query = ""): Promise<string> {
  return to(await who.go(`${who.server}/console/oidc/start${query}`));
}

/** What is done at the provider. @returns where it sends the browser back to */
export async function atProvider(who: Visitor, { issuer }: TestProvider, url: string, form: Record<string, string>): Promise<string> {
  let at = url;
  for (let n = 0; n < 10; n++) {
    if (!at.startsWith(issuer)) return at;
    const page = await who.go(at);
    const next = page.status === 200 ? await who.go(at, { form }) : page;
    if (next.status >= 400) throw new Error(`The provider answered ${next.status}: ${await next.text()}`);
    at = new URL(to(next), at).href;
  }
  throw new Error(`The provider leads nowhere: ${at}`);
}

/** The way back, up to the console. @returns where it ends, without the origin */
export async function comeBack(who: Visitor, callback: string): Promise<string> {
  return to(await finish(who, await landing(await who.go(callback, { foreign: true }))));
}

/** Where the page leads that the provider sends browsers back to. */
export async function landing(page: Response): Promise<string> {
  if (page.status !== 200) return to(page);
  const [, url = ""] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(await page.text()) ?? [];
  return url.replaceAll("&amp;", "&");
}

/** The last step of it. @param path of the landing page's link */
export async function finish(who: Visitor, path: string): Promise<Response> {
  return path.startsWith("/console/oidc/finish") ? who.go(who.server + path) : new Response(null, { status: 303, headers: { Location: path } });
}

/** All of it. @returns where it ends */
export async function logIn(who: Visitor, provider: TestProvider, name: string, query = ""): Promise<string> {
  const url = await begin(who, query);
  return url.startsWith("/") ? url : comeBack(who, await atProvider(who, provider, url, { who: name }));
}
