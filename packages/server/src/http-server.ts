import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { isOwnHost } from "./host.ts";
import type { Log } from "./log.ts";
import { Problem, problemAnswer, problemResponse } from "./problem.ts";
import { codeOf, StartFailure } from "./start-failure.ts";

/** What to serve, and where. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Names under which requests may call the server. */
  readonly hosts: ReadonlySet<string>;
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>;
  readonly log: Log;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Takes no more connections, lets requests under way finish for at most so many ms, and is closed. */
  stop(patience: number): Promise<void>;
}

/** Bytes of all headers together; Node's own default, said here because clients are told of it. */
const headerBound = 16_384;

/** Listens. @throws {StartFailure} naming the address, and the fix */
export async function listen({ host, port, hosts, fetch, log }: ListenOptions): Promise<HttpServer> {
  const answer = getRequestListener((request, env) => fetch(request, env as HttpBindings), {
    overrideGlobalObjects: false,
    errorHandler: () => problemResponse(unreadable),
  });
  const underWay = new Set<ServerResponse>();
  const server = createServer({ maxHeaderSize: headerBound, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 }, (request, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
    if (!server.listening) response.setHeader("Connection", "close");
    if (isOwnHost(calledHost(request), hosts, request.socket.localAddress)) void answer(request, response);
    else refuseHost(request, response, log);
  });
  server.on("clientError", refuseBytes);
  await listening(server, host, port);
  // Such as no file descriptors left for one more connection: the next may find some.
  server.on("error", (error) => log.error("could not take a connection", error));
  return {
    port: (server.address() as AddressInfo).port,
    async stop(patience) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Else their connections would be kept for a next request.
      for (const response of underWay) if (!response.headersSent) response.setHeader("Connection", "close");
      const timer = setTimeout(() => server.closeAllConnections(), patience);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** A request line that has a whole URL counts more than Host (RFC 9112 §3.2.2). */
function calledHost({ url = "/", headers }: IncomingMessage): string | undefined {
  if (url.startsWith("/")) return headers.host;
  return URL.canParse(url) ? new URL(url).host : headers.host;
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new StartFailure(whyNot(error, host, port), { cause: error })));
    server.listen({ host, port }, () => resolve());
  });
}

function whyNot(error: unknown, host: string, port: number): string {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is in use. Stop what listens there, or take another port with --port or SOJOURN_PORT.`;
    case "EACCES":
      return `Port ${port} on ${host} is not for this user to listen on. Take a port above 1023 with --port or SOJOURN_PORT.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine. Give one of its own with --host or SOJOURN_HOST.`;
    default:
      return `Listening on ${host}, port ${port}, failed with ${codeOf(error) ?? "an unknown error"}. Give another address with --host and --port.`;
  }
}

const foreignHost = new Problem(
  421,
  "foreign_host",
  "The request calls this server by a name that is not its own. Use the address that it printed, or start it with --allowed-host NAME.",
);

function refuseHost(request: IncomingMessage, response: ServerResponse, log: Log): void {
  log.request({ id: "-", method: request.method ?? "-", route: "(foreign host)", status: foreignHost.status, ms: 0 });
  const { body, headers } = problemAnswer(foreignHost);
  request.resume();
  response.writeHead(foreignHost.status, headers).end(body);
}

const unreadable = new Problem(
  400,
  "invalid_request",
  "The bytes received are no HTTP/1.1 request (RFC 9112). If this was meant to be TLS: the server speaks plain http.",
);
const tooLong = new Problem(431, "header_too_large", `The request's headers have more than ${headerBound} bytes. Send fewer or shorter ones.`);
const late = new Problem(408, "timeout", "The request did not arrive in time. Send its headers within 10 seconds, and all of it within 30.");

/** Answers what no handler gets to see. */
function refuseBytes(error: Error, socket: Duplex): void {
  const code = codeOf(error);
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const problem = code === "HPE_HEADER_OVERFLOW" ? tooLong : code === "ERR_HTTP_REQUEST_TIMEOUT" ? late : unreadable;
  const { body, headers } = problemAnswer(problem);
  const fields = Object.entries({ ...headers, "Content-Length": String(Buffer.byteLength(body)), Connection: "close" });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head}\r\n${body}`);
}
