// Node: a small bridge from node:http to Request and Response.
import { once } from "node:events";
import { createServer } from "node:http";
import { pipeline, Readable } from "node:stream";
import { program } from "./server.mjs";

/** @param {import("node:http").IncomingMessage} incoming */
function requestOf(incoming) {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
  const body = method === "GET" || method === "HEAD" ? undefined : { body: Readable.toWeb(incoming), duplex: "half" };
  return new Request(`http://${incoming.headers.host}${url}`, { method, headers, ...body });
}

/** @param {(request: Request, peer: string | undefined) => Promise<Response>} handle */
async function listen(handle) {
  /** @param {import("node:http").IncomingMessage} incoming @param {import("node:http").ServerResponse} outgoing */
  async function answer(incoming, outgoing) {
    try {
      const response = await handle(requestOf(incoming), incoming.socket.remoteAddress);
      for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
      outgoing.writeHead(response.status);
      // A stream that breaks breaks the connection.
      if (response.body === null) outgoing.end();
      else pipeline(Readable.fromWeb(response.body), outgoing, () => undefined);
    } catch {
      // The handler's error; or the client has gone away, and there is nobody to tell.
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    }
  }
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

const server = await listen(
  program(async (handle) => {
    const site = await listen(handle);
    const close = async () => {
      site.closeAllConnections();
      await once(site.close(), "close");
    };
    return { url: `http://127.0.0.1:${site.address().port}`, close };
  }),
);
console.log(JSON.stringify({ port: server.address().port, version: process.version }));
