import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { codeOf } from "../start-failure.ts";
import { publicLookup, RefusedTarget, type Target } from "./target.ts";

/** How an attempt went. */
export interface Attempted {
  readonly ok: boolean;
  /** What the target answered, if it did. */
  readonly status?: number;
  readonly why?: string;
}

/** What sends to one target, over one connection that is kept for a while. */
export interface Sender {
  send(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Attempted>;
  close(): void;
}

/** ms that an attempt may take, all in all. */
const attemptPatience = 10_000;
/** Bytes of an answer that are read: nobody needs them, but what is read leaves the connection good for the next message. */
const answerBound = 1_024;

/** Any answer from 200 to 299 is success. Redirects are not followed: where they lead was not judged. */
export function senderTo({ url, named }: Target): Sender {
  const secure = url.protocol === "https:";
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  const settings: RequestOptions = { method: "POST", agent, ...(!named && { lookup: publicLookup }) };
  const open = (asked: RequestOptions): ClientRequest => (secure ? httpsRequest(url, asked) : httpRequest(url, asked));

  return {
    send: (body, headers, signal) =>
      new Promise((resolve) => {
        const late = AbortSignal.timeout(attemptPatience);
        const failed = (error: unknown): void => resolve({ ok: false, why: late.aborted ? `no answer within ${attemptPatience} ms` : reasonOf(error) });
        const request = open({
          ...settings,
          signal: AbortSignal.any([late, signal]),
          headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body), "User-Agent": "sojournd", ...headers },
        });
        request.on("error", failed);
        request.on("response", (response) => {
          const { statusCode: status = 0 } = response;
          // What it says is known by its status, also when the rest never comes.
          const done = (): void => resolve(judged(status));
          request.off("error", failed).on("error", done);
          let size = 0;
          response.on("data", (chunk: Uint8Array) => {
            size += chunk.length;
            if (size > answerBound) response.destroy();
          });
          response.on("error", done);
          response.on("close", done);
        });
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function judged(status: number): Attempted {
  if (status >= 200 && status < 300) return { ok: true, status };
  return { ok: false, status, why: status >= 300 && status < 400 ? "a redirect, which is not followed" : `answered ${status}` };
}

function reasonOf(error: unknown): string {
  if (error instanceof RefusedTarget) return error.message;
  return codeOf(error) ?? (error instanceof Error ? error.name : "failed");
}
