import { segment } from "./segments.ts";
import { TransportFailure, type Outbound } from "./transport.ts";

/** How a message is handed to sendsms. */
export interface Submitting {
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly method: "GET" | "POST";
  /** The dlr-url. */
  readonly receipts: string;
}

/** All states but notifications on the way: delivered 1, failed 2, buffered 4, accepted 8, refused 16. */
const mask = "31";

/** The request by which smsbox takes a message: Kannel's user guide, "Using the HTTP interface to send SMS messages". @throws {TransportFailure} when no Kannel could take it. */
export function submission(message: Outbound, { url, username, password, method, receipts }: Submitting): Request {
  const { reference, from, to, text } = message;
  if (!/^[\w-]{1,32}$/.test(reference)) throw refused("reference is not 1 to 32 characters of [A-Za-z0-9_-]");
  // To Kannel a blank would be between two receivers.
  if (!/^\+?\d{1,20}$/.test(to)) throw refused('to is not a number of at most 20 digits, with "+" if it is international');
  if (!/^[ -~]{1,20}$/.test(from)) throw refused("from is not a number, or a name of at most 20 ASCII characters");
  const coding = codingOf(text);
  if (method === "GET") {
    const query = new URLSearchParams({ username, password, from, to, text, charset: "UTF-8", coding, "dlr-mask": mask, "dlr-url": receipts });
    return new Request(`${url.href}?${query.toString()}`);
  }
  const headers = {
    "content-type": "text/plain; charset=UTF-8",
    "x-kannel-username": username,
    "x-kannel-password": password,
    "x-kannel-from": from,
    "x-kannel-to": to,
    "x-kannel-coding": coding,
    "x-kannel-dlr-mask": mask,
    "x-kannel-dlr-url": receipts,
  };
  return new Request(url, { method, headers, body: text });
}

/** 0: the GSM alphabet, 2: UCS-2. */
function codingOf(text: string): "0" | "2" {
  try {
    return segment(text).encoding === "gsm7" ? "0" : "2";
  } catch {
    throw refused("text needs more than 255 parts");
  }
}

function refused(fault: string): TransportFailure {
  return new TransportFailure(`The message was not handed to Kannel: ${fault}.`, { temporary: false });
}

/** Words of Kannel's that say what is to be done. What else a server answers may repeat the password or the text, and is not told. */
const remedies: readonly (readonly [words: string, remedy: string])[] = [
  ["Authorization failed", "it knows no such username with this password, or not from this address (user-allow-ip)"],
  ["Not routable", "none of its SMSC connections takes this number"],
  ["Number(s) has/have been denied", "a white-list, a black-list or sendsms-chars does not let this number through"],
  ["Sender missing", "it needs a sender"],
  ["Unknown request", "url is not that of its sendsms"],
];

/** Whether the answer says that Kannel has taken the message. @throws {TransportFailure} */
export function verdict({ status, headers }: Pick<Response, "status" | "headers">, body: string): Record<string, never> {
  const wellDone = status === 200 || status === 202;
  // "Sent." is what a Kannel says with immediate-sendsms-reply.
  if (wellDone && /^(?:[03]: |Sent\.)/.test(body)) return {};
  if (wellDone) throw new TransportFailure(`Kannel answered ${status}, but not in Kannel's words. Is url that of its sendsms?`, { temporary: false });
  const temporary = status >= 500 || status === 408 || status === 429;
  const remedy = remedies.find(([words]) => body.startsWith(words))?.[1];
  throw new TransportFailure(`Kannel did not take the message: it answered ${status}${remedy === undefined ? "" : `, so ${remedy}`}.`, {
    temporary,
    after: temporary ? afterOf(headers.get("retry-after")) : undefined,
  });
}

/** Of the two forms of Retry-After (RFC 9110 10.2.3) the one in seconds; of these a day at most. */
function afterOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,9}$/.test(value) ? Math.min(Number(value), 86_400) * 1000 : undefined;
}
