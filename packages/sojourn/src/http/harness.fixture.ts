import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { HttpCarrier, HttpChunk, HttpDoor, HttpReply, HttpRoute, HttpServer, HttpSite } from "../testing/http-contract-harness.ts";
import { bearer, cookie, type Carrier } from "./carriers.ts";
import type { WebOptions } from "./door.ts";
import { trustedProxies } from "./trusted-proxies.ts";

/** The options of an adapter for a door of the contract. */
export function optionsOf({ carriers, origins, proxies, route, onFailure }: HttpDoor): WebOptions {
  return { carriers: carriers.map(carrierOf), origins, client: trustedProxies(proxies), onFailure, ...(route !== undefined && { route }) };
}

function carrierOf(given: HttpCarrier): Carrier {
  return given.by === "bearer" ? bearer() : cookie({ name: given.name, sameSite: given.sameSite });
}

/** The route for a request; HEAD is answered by that of GET. */
export function routeFor({ routes }: HttpSite, method: string | undefined, url: string | undefined): HttpRoute | undefined {
  return routes[`${method === "HEAD" ? "GET" : method} ${url}`];
}

/** The routes, with method and path apart. */
export function routesOf({ routes }: HttpSite): { readonly method: string; readonly path: string; readonly route: HttpRoute }[] {
  return Object.entries(routes).map(([key, route]) => {
    const [method = "", path = ""] = key.split(" ");
    return { method, path, route };
  });
}

/** The adapter of a door. */
export function at<Web>(webs: readonly Web[], door = 0): Web {
  const web = webs[door];
  if (web === undefined) throw new Error(`the site has no door ${door}`);
  return web;
}

/** Listens on a free port. */
export async function listening(server: Server): Promise<HttpServer> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(() => done()))),
  };
}

/** The status with which a framework answers an error that says one itself. */
export function statusOf(error: unknown): number {
  return (error as { readonly status?: number }).status ?? 500;
}

/** A reply's stream as Node's. */
export function readable({ stream = [] as never }: HttpReply): Readable {
  return Readable.from(stream, { objectMode: true });
}

/** A reply's stream as the web's. */
export function webStream({ stream = [] as never }: HttpReply): ReadableStream<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<HttpChunk, undefined>;
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

/** A reply as a response of the Fetch standard. */
export function responseOf(reply: HttpReply): Response {
  const headers = new Headers(reply.headers);
  for (const line of reply.cookies ?? []) headers.append("set-cookie", line);
  if (reply.redirect !== undefined) headers.set("location", reply.redirect);
  if (reply.json !== undefined) return Response.json(reply.json, { status: reply.status ?? 200, headers });
  const body = reply.stream === undefined ? (reply.text ?? reply.bytes ?? null) : webStream(reply);
  const bare = reply.redirect === undefined ? 200 : 303;
  return new Response(bare === 303 ? null : body, { status: reply.status ?? bare, headers });
}

/** Serves what answers requests of the Fetch standard. An error is 500. */
export function servingFetch(answer: (request: Request) => Promise<Response>): Promise<HttpServer> {
  const listener: RequestListener = (incoming, outgoing) => void bridge(answer, incoming, outgoing);
  return listening(createServer(listener));
}

async function bridge(answer: (request: Request) => Promise<Response>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, { method: incoming.method ?? "GET", headers });
  let response: Response;
  try {
    response = await answer(request);
  } catch (error) {
    response = new Response(null, { status: statusOf(error) });
  }
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null || incoming.method === "HEAD") return void outgoing.end();
  // An error of either side breaks the other off.
  await pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => undefined);
}
