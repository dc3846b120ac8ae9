import type { IncomingMessage } from "node:http";
import type { RequestReader } from "./door.ts";

/** How a request of `node:http` (and of what is built on it) is read. */
export const nodeRequest: RequestReader<IncomingMessage> = {
  method: (request) => request.method ?? "",
  header(request, name) {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  },
  host: (request) => request.headers.host ?? (request.headers[":authority"] as string | undefined),
  peer: (request) => request.socket.remoteAddress,
  // Express takes the path of what a router is mounted on off the URL.
  url: (request) => (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? "/",
  encrypted: (request) => (request.socket as { readonly encrypted?: boolean }).encrypted === true,
};
