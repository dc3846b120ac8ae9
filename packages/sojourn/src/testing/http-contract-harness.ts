import type { MaybePromise, Store } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";

/** What the sessions of the contract hold. */
export interface HttpData {
  n: number;
  cart: string[];
}

/** A token in a cookie; everything but this is as an adapter's users get it by default. */
export interface HttpCookie {
  readonly by: "cookie";
  readonly name: string;
  readonly sameSite: "Lax" | "None";
}

/** How a token of the contract comes and goes; the harness makes the adapter's own carrier of it. */
export type HttpCarrier = HttpCookie | { readonly by: "bearer" };

/** One kind of session that a site keeps; the harness makes an adapter of it. */
export interface HttpDoor {
  readonly sessions: Sessions<HttpData>;
  readonly carriers: readonly HttpCarrier[];
  /** Other origins whose pages may send unsafe requests. */
  readonly origins: readonly string[];
  /** How many proxies to believe about X-Forwarded-For and X-Forwarded-Proto. */
  readonly proxies: number;
  /** The process's name as a load balancer knows it. Default none. */
  readonly route?: string | undefined;
  /** To be told why a problem took the place of an answer. */
  readonly onFailure: (error: unknown) => void;
}

/** The session of this request, as the adapter gives it. @param door which of the site's; default the first. */
export type HttpAsk = (door?: number) => Promise<Session<HttpData>>;

/** What the body of an answer is made of. */
export type HttpChunk = string | Uint8Array<ArrayBuffer>;

/**
 * What a route answers. The harness says it in the framework's own words: headers are set where an application sets them, a redirect is the framework's
 * `redirect`, text, JSON, bytes and streams are given to it as they are. Nothing of these is an empty answer.
 */
export interface HttpReply {
  /** Default: what the framework makes of it. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set-Cookie values of the application's own. */
  readonly cookies?: readonly string[];
  readonly text?: string | undefined;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  /** A stream that throws is broken off. */
  readonly stream?: AsyncIterable<HttpChunk> | undefined;
  readonly redirect?: string | undefined;
}

/** An application's handler. What it throws is thrown where the framework's handlers throw. */
export type HttpRoute = (ask: HttpAsk) => MaybePromise<HttpReply>;

/** What is to be served: adapters for the doors, in front of the routes. */
export interface HttpSite {
  /** One or two. */
  readonly doors: readonly HttpDoor[];
  /** By method and path, such as `"GET /read"`. A GET route answers HEAD as well, as in most frameworks. */
  readonly routes: Readonly<Record<string, HttpRoute>>;
}

/** A site that is served. */
export interface HttpServer {
  /** Of plain http on this machine, such as `http://127.0.0.1:49152`. */
  readonly url: string;
  close(): Promise<void>;
}

/** How the contract gets at the adapter that it judges. */
export interface HttpHarness {
  /** Serves a site on a free port. The contract closes it. */
  start(site: HttpSite): Promise<HttpServer>;
  /** Where the sessions of one check rest. Default: in memory, answering at once. An adapter's test gives a `delayed` one in a second run. */
  store?(): Store;
}

/** One promise, put to the test. Rejects when it is broken. */
export type HttpCheck = (harness: HttpHarness) => Promise<void>;
