import { milliseconds, SojournError, type Duration } from "sojourn";
import { kannelAnswers } from "./kannel-answers.ts";
import { octetsOfBody } from "./kannel-body.ts";
import { httpAddress, messageUrl, receiptUrl, type KannelWebhooks } from "./kannel-config.ts";
import { submission, verdict } from "./kannel-submission.ts";
import { turns } from "./turns.ts";
import { TransportFailure, type Receiver, type Transport } from "./transport.ts";

/** Settings of {@link kannel}. */
export interface KannelOptions extends KannelWebhooks {
  /** Of smsbox's sendsms, such as "http://127.0.0.1:13013/cgi-bin/sendsms". Without a query. */
  readonly url: string;
  /** Of a `sendsms-user`: 1 to 128 ASCII characters without blanks. */
  readonly username: string;
  readonly password: string;
  /**
   * How messages are handed over. "POST" (the default) has the text in the body and the rest in Kannel's X-Kannel-… fields; "GET" has all of it in the query, with
   * the password, where proxies log it. It is for services that speak Kannel's sendsms and know no other.
   */
  readonly method?: "GET" | "POST" | undefined;
  /** Within which Kannel has to answer, at most ten minutes; by default "10s". */
  readonly timeout?: Duration | undefined;
}

/** A way to the network through Kannel, or a service that speaks as Kannel does. */
export interface Kannel extends Transport {
  /**
   * Answers a request to `<callback>/message` or `<callback>/receipt`, by GET or POST (whose query counts, and a form in its body):
   *
   * - 200, with an empty body of text/plain: what came in is safe
   * - 503: it is not, or nobody has called `receive`, or the transport is closed. Kannel asks again if its `http-request-retry` says so
   * - 400, 403, 404, 405, 413, 414: no webhook of Kannel's; the body names the parameter. Kannel asks again all the same, so a line in its log that repeats is a
   *   `get-url` that is wrong
   */
  fetch(request: Request): Promise<Response>;
}

/** How many messages are handed over at once. smsbox lets no more than 10 connections wait to be taken; what is beyond that waits for seconds, then fails. */
const connections = 8;
/** Octets that are read of Kannel's answers. */
const longest = 512;

/**
 * The generic pair of HTTP webhooks in the shape of Kannel 1.4: `send` asks smsbox's sendsms, smsbox asks `fetch`. `kannelConfig` gives what Kannel's
 * configuration needs, and says what Kannel does not promise.
 *
 * - A message is taken when Kannel answers 200 or 202 with "0: Accepted for delivery" or "3: Queued for later delivery". It tells no id. Refused connections,
 *   time-outs and 5xx are temporary; with a time-out Kannel may have taken the message all the same, and the handset then gets it twice.
 * - Kannel cuts a long text into parts and joins those that come in. Text of the GSM alphabet goes out as such (coding 0), other text as UCS-2 (coding 2).
 * - Receipts come to an address that carries the reference; for a long text there is one of each state. They may come out of order, "delivered" before "accepted",
 *   and again.
 * - What Kannel asks again comes with the same `id`. Messages of one handset may come out of order while Kannel repeats one of them.
 *
 * Nothing of this is signed: between Kannel and here it takes a private network or TLS.
 *
 * @throws {SojournError} `invalid_option`
 */
export function kannel(options: KannelOptions): Kannel {
  const { secret, username, password, method = "POST" } = options;
  const url = httpAddress(options.url, "url", "http://127.0.0.1:13013/cgi-bin/sendsms");
  // Refuses what is wrong with the callback and the secret.
  messageUrl(options);
  checkWord(username, "username");
  checkWord(password, "password");
  if (method !== "GET" && method !== "POST") throw new SojournError("invalid_option", `method is ${JSON.stringify(method)}. Give "GET" or "POST".`);
  const timeout = milliseconds(options.timeout ?? "10s", "timeout");
  if (timeout > 600_000) throw new SojournError("invalid_option", "timeout is longer than ten minutes. Give ten minutes at most.");
  const under = new Set<Promise<unknown>>();
  let receiver: Receiver | undefined;
  let closed = false;

  const inTurn = turns(connections);

  /** `close` waits for what goes through here. */
  async function followed<T>(work: Promise<T>): Promise<T> {
    under.add(work);
    try {
      return await work;
    } finally {
      under.delete(work);
    }
  }

  async function submit(request: Request): Promise<Record<string, never>> {
    try {
      // A redirect is not followed: it would take the password along.
      const response = await fetch(request, { redirect: "manual", signal: AbortSignal.timeout(timeout) });
      const { octets } = await octetsOfBody(response.body, longest);
      return verdict(response, new TextDecoder().decode(octets));
    } catch (error) {
      throw error instanceof TransportFailure ? error : unreachable(error, timeout);
    }
  }

  return {
    async send(message) {
      if (closed) throw new TransportFailure("The transport is closed.", { temporary: true });
      const request = submission(message, { url, username, password, method, receipts: receiptUrl(options, message.reference) });
      return followed(inTurn(() => submit(request)));
    },
    receive(to) {
      if (receiver !== undefined) throw new SojournError("invalid_option", "receive was called before. A transport has one receiver.");
      receiver = to;
    },
    fetch: kannelAnswers(secret, async (tell) => {
      if (receiver === undefined || closed) return false;
      await followed(tell(receiver));
      return true;
    }),
    async close() {
      closed = true;
      await Promise.allSettled(under);
    },
  };
}

function checkWord(value: string, setting: string): void {
  if (typeof value === "string" && /^[!-~]{1,128}$/.test(value)) return;
  throw new SojournError("invalid_option", `${setting} is not 1 to 128 ASCII characters without blanks.`);
}

/** What fetch says of it names host and port, and no more of the address. */
function unreachable(error: unknown, timeout: number): TransportFailure {
  if ((error as Error | undefined)?.name === "TimeoutError") {
    return new TransportFailure(`Kannel did not answer within ${timeout} ms. It may have taken the message all the same.`, { temporary: true, cause: error });
  }
  const code = ((error as Error | undefined)?.cause as NodeJS.ErrnoException | undefined)?.code ?? "the connection broke";
  return new TransportFailure(`Kannel cannot be reached at url: ${code}.`, { temporary: true, cause: error });
}
