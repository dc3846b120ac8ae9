import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { later } from "../clean-up.fixture.ts";

/** One request that a target had. */
export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly method: string | undefined;
}

/** What a message tells. */
export interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly id: string; readonly subject?: string; readonly type: string; readonly kind: string; readonly ended?: { readonly reason: string } };
}

/** A target on this machine. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** What it answers from now on. Default: 204. */
  answer(how: (response: ServerResponse, nth: number) => void): void;
  /** What the messages tell that it has, each checked by the library of Standard Webhooks. */
  told(secret: string): Told[];
  stop(): Promise<void>;
}

/** Starts one; it stops with `cleanUp`. @param port the one of a target of before */
export async function receiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  let how: (response: ServerResponse, nth: number) => void = (response) => void response.writeHead(204).end();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      received.push({ id: String(request.headers["webhook-id"]), headers: request.headers, body, method: request.method });
      how(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const listens = (server.address() as AddressInfo).port;
  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
  later(stop);
  return {
    url: `http://127.0.0.1:${listens}/hook`,
    port: listens,
    received,
    answer: (next) => void (how = next),
    told: (secret) => received.map(({ body, headers }) => new Webhook(secret).verify(body, headers as Record<string, string>) as Told),
    stop,
  };
}
