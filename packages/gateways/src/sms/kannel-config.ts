import { SojournError } from "sojourn";

/** Where Kannel reaches this application, and what it shows as proof. */
export interface KannelWebhooks {
  /**
   * The address that Kannel's smsbox calls, such as "https://sms.example/kannel". Below it are `/message` and `/receipt`; requests to both go to the transport's
   * `fetch`, whatever a proxy in between makes of the path before these two. Without a query.
   */
  readonly callback: string;
  /**
   * Shown with each webhook, in its query: 16 to 128 characters of [A-Za-z0-9_-]. It is all that tells Kannel from anybody else, so have it made at random, and
   * keep queries to these addresses out of access logs.
   */
  readonly secret: string;
}

/** Settings of {@link kannelConfig}. */
export interface KannelConfigOptions extends KannelWebhooks {
  /** Of the sendsms-user, as given to `kannel`. */
  readonly username: string;
  readonly password: string;
}

/** What Kannel writes in place of these: message id, sender, receiver, octets as they came, coding, charset, user data header, epoch seconds. */
const escapes = "id=%I&from=%p&to=%P&text=%b&coding=%c&charset=%C&udh=%u&time=%T";

/** The address of the message webhook, with Kannel's escape codes: the value of `get-url` (or `post-url`) in a group `sms-service`. @throws {SojournError} `invalid_option` */
export function messageUrl(webhooks: KannelWebhooks): string {
  return `${baseOf(webhooks)}/message?secret=${webhooks.secret}&${escapes}`;
}

/** The address of the receipt webhook for one message, with Kannel's escape code: the value of `dlr-url`. @throws {SojournError} `invalid_option` */
export function receiptUrl(webhooks: KannelWebhooks, reference: string): string {
  return `${baseOf(webhooks)}/receipt?secret=${webhooks.secret}&reference=${reference}&state=%d`;
}

/** Kannel looks for escape codes in all of an address: a per cent sign that is none is written twice. */
function baseOf({ callback, secret }: KannelWebhooks): string {
  if (typeof secret !== "string" || !/^[A-Za-z0-9_-]{16,128}$/.test(secret)) {
    throw new SojournError("invalid_option", 'secret is not 16 to 128 characters of [A-Za-z0-9_-]. Take randomBytes(24).toString("base64url").');
  }
  const url = httpAddress(callback, "callback", "https://sms.example/kannel");
  return url.href.replace(/\/$/, "").replaceAll("%", "%%");
}

/** @throws {SojournError} `invalid_option`. The address is not told: it may hold a password. */
export function httpAddress(address: string, setting: string, example: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && !/[?#@]/.test(address)) return url;
  throw new SojournError("invalid_option", `${setting} is not an http address without query, fragment and "@". Give one such as "${example}".`);
}

/**
 * What belongs into Kannel's configuration (1.4.5): a group `sendsms-user`, by which Kannel takes messages, and a group `sms-service`, by which it hands over what
 * comes in. It holds the password and the secret.
 *
 * - `max-messages = 0` in the service keeps Kannel from answering handsets itself: with what a webhook's answer says, and with "Could not fetch content, sorry."
 * - `max-messages = 255` for the user lets a long text go out whole; Kannel cuts off what is beyond that number of parts, and says nothing.
 * - The group `smsbox` is the operator's, and needs two lines of its own: `http-request-retry = 8640` and `http-queue-delay = 10` have a webhook that failed called
 *   again every 10 s for a day. Without them it is called once, and the message is lost.
 * - No `global-sender` in `smsbox` and no `faked-sender` here: they take the place of the number that the message was sent to. No `alt-charset` here either: the
 *   text is then in another charset than Kannel says.
 * - A service of its own keyword, before this one, takes its messages away from it.
 *
 * What Kannel has not yet handed over is in the memory of smsbox, not in the store of bearerbox: while this application is away, a restart of smsbox loses it.
 *
 * @throws {SojournError} `invalid_option`
 */
export function kannelConfig(options: KannelConfigOptions): string {
  return [
    "group = sendsms-user",
    `username = ${word(options.username, "username")}`,
    `password = ${word(options.password, "password")}`,
    "max-messages = 255",
    "concatenation = true",
    "",
    "group = sms-service",
    "keyword = default",
    "catch-all = true",
    "max-messages = 0",
    `get-url = "${messageUrl(options)}"`,
    "",
  ].join("\n");
}

function word(value: string, setting: string): string {
  if (typeof value === "string" && /^[!#-[\]-~]{1,128}$/.test(value)) return value;
  throw new SojournError(
    "invalid_option",
    `${setting} is not 1 to 128 ASCII characters without blanks, quotation marks and backslashes, as Kannel's configuration needs it.`,
  );
}
