import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer, whole. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** ms from the request until the head. */
  readonly headAfter: number;
}

/** Somebody with a browser: keeps cookies, follows nothing. */
export interface Visitor {
  jar: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, form?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** Servers of a test, closed after it. */
export interface Site {
  listen(listener: RequestListener): Promise<{ readonly port: number; visitor(): Visitor }>;
  close(): Promise<void>;
}

export function site(): Site {
  const servers: Server[] = [];
  return {
    async listen(listener) {
      const server = createServer(listener).listen(0, "127.0.0.1");
      servers.push(server);
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      return { port, visitor: () => visitor(port) };
    },
    async close() {
      await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
    },
  };
}

function visitor(port: number): Visitor {
  async function ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> {
    const began = performance.now();
    const answer = await new Promise<Answer>((resolve, reject) => {
      const sent = httpRequest(
        { port, host: "127.0.0.1", path, method, agent: false, headers: { ...(one.jar === "" ? undefined : { cookie: one.jar }), ...headers } },
        (message) => {
          const headAfter = performance.now() - began;
          let text = "";
          message.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          message.on("end", () => resolve({ status: message.statusCode, headers: message.headers, body: text, headAfter }));
          message.on("error", reject);
        },
      );
      sent.on("error", reject).end(body);
    });
    const [cookie] = answer.headers["set-cookie"] ?? [];
    if (cookie !== undefined) one.jar = cookie.split(";")[0] as string;
    return answer;
  }

  const one: Visitor = {
    jar: "",
    get: (path, headers = {}) => ask("GET", path, headers),
    post: (path, form = {}) => ask("POST", path, { "content-type": "application/x-www-form-urlencoded" }, new URLSearchParams(form).toString()),
  };
  return one;
}
