import { request, type IncomingMessage } from "node:http";

/** What a runtime answered, as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** False when the connection broke before the end. */
  readonly complete: boolean;
}

/** What the program of test/runtimes/program/sites.mjs is told of a site. */
export interface SiteOptions {
  readonly carriers?: readonly ("cookie" | "bearer" | "cross-site cookie")[];
  readonly origins?: readonly string[];
  /** Whether one proxy is believed. Default true. */
  readonly proxied?: boolean;
  /** ms that a call of the store may take. */
  readonly deadline?: number;
}

type Headers = Readonly<Record<string, string>>;

/** A site in another process. */
export interface Site {
  /** Sends a request, such as `"GET /read"`. `told` hears of the body as it comes. */
  call(route: string, headers?: Headers, more?: { readonly body?: string; readonly told?: (text: string) => void }): Promise<Answer>;
  /** Tells the site something, or asks it; see sites.mjs. */
  tell(what: string, given?: unknown): Promise<unknown>;
}

/** Makes a site in the process that listens on this port. `distant`: its store answers later. */
export async function openSite(port: number, options: SiteOptions & { readonly distant?: boolean }): Promise<Site> {
  const made = await send(port, "POST /~site", {}, { body: JSON.stringify(options) });
  const site = { "x-site": JSON.parse(made.body) as string };
  return {
    call: (route, headers = {}, more = {}) => send(port, route, { host: "shop.example", "x-forwarded-proto": "https", ...site, ...headers }, more),
    async tell(what, given = null) {
      const { status, body } = await send(port, `POST /~${what}`, site, { body: JSON.stringify(given) });
      if (status !== 200) throw new Error(`/~${what} was answered ${status}: ${body}`);
      return JSON.parse(body) as unknown;
    },
  };
}

/** The lines of JSON that a path of the program answers. */
export async function linesAt<Line>(port: number, path: string): Promise<readonly Line[]> {
  const { status, body } = await send(port, `GET ${path}`, {}, {});
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

function send(port: number, route: string, headers: Headers, { body, told }: { body?: string; told?: (text: string) => void }): Promise<Answer> {
  const [method = "GET", path = "/"] = route.split(" ");
  const length = body === undefined ? undefined : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    // A connection of its own, so that no answer waits behind another.
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers: { ...length, ...headers }, agent: false }, (incoming) => {
      outgoing.off("error", reject).on("error", () => undefined);
      let text = "";
      incoming.setEncoding("utf8").on("data", (data: string) => {
        text += data;
        told?.(text);
      });
      // A connection that breaks is told as an error and as the end.
      incoming.on("error", () => undefined);
      incoming.on("close", () => {
        const { statusCode: status = 0, headers: fields, complete } = incoming;
        resolve({ status, cookies: fields["set-cookie"] ?? [], headers: fields, body: text, complete });
      });
    });
    // After the head it is told by the end of the answer.
    outgoing.on("error", reject).setTimeout(30_000, () => outgoing.destroy(new Error(`${route}: nothing came for 30 s`)));
    outgoing.end(body);
  });
}
