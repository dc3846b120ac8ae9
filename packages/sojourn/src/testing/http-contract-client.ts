import type { ClientRequest, IncomingMessage } from "node:http";

/** An answer as it came over the wire. */
export interface HttpReceived {
  readonly status: number;
  /** Set-Cookie values, in their order. */
  readonly cookies: readonly string[];
  /** @param name lower case. Several fields of one name are joined. */
  header(name: string): string | undefined;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** False when the connection broke before the end. */
  readonly complete: boolean;
}

/** A request under way. */
export interface HttpFlight {
  /** Rejects when no answer comes. */
  readonly answer: Promise<HttpReceived>;
  /** Bytes of the answer that have arrived. */
  arrived(): number;
  /** The client goes away. */
  abort(): void;
}

/** Sends one request on a connection of its own, as a proxy that ends TLS for shop.example does. @param route method and path. */
export async function fly(url: string, route: string, headers: Readonly<Record<string, string | readonly string[]>>): Promise<HttpFlight> {
  // Not at the top: the contract of stores comes by the same entry, and runs where there is no node:http.
  const { request } = await import("node:http");
  const [method, path = "/"] = route.split(" ");
  const outgoing = request(url + path, {
    method,
    headers: { host: "shop.example", "x-forwarded-proto": "https", ...(headers as Record<string, string>) },
    agent: false,
  });
  const answer = answerTo(outgoing);
  // Whoever aborts may never look at it.
  answer.catch(() => undefined);
  outgoing.end();
  return { answer, arrived: () => outgoing.socket?.bytesRead ?? 0, abort: () => outgoing.destroy() };
}

function answerTo(outgoing: ClientRequest): Promise<HttpReceived> {
  return new Promise((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error(`${outgoing.method} ${outgoing.path}: nothing came for 10 s`)));
    outgoing.on("response", (incoming) => {
      const chunks: Uint8Array[] = [];
      incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      // From here on a connection that breaks is an answer that is not complete, told as its end and as an error of one or the other.
      outgoing.off("error", reject).on("error", () => undefined);
      incoming.on("error", () => undefined);
      incoming.on("close", () => resolve(received(incoming, Buffer.concat(chunks))));
    });
  });
}

function received(incoming: IncomingMessage, bytes: Uint8Array): HttpReceived {
  return {
    status: incoming.statusCode ?? 0,
    cookies: incoming.headers["set-cookie"] ?? [],
    header: (name) => incoming.headers[name]?.toString(),
    bytes,
    text: new TextDecoder().decode(bytes),
    complete: incoming.complete,
  };
}
