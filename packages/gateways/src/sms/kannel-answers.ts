import { createHash, timingSafeEqual } from "node:crypto";
import { SojournError } from "sojourn";
import { octetsOfBody } from "./kannel-body.ts";
import { messageOf, parametersOf, receiptOf, type KannelParameters } from "./kannel-webhook.ts";
import type { Receiver } from "./transport.ts";

/** Who is to be told what a webhook says; false when nobody is there. Rejects when it could not be kept. */
export type Hand = (tell: (receiver: Receiver) => Promise<void>) => Promise<boolean>;

/** Characters of an address, octets of a form. */
const longest = { address: 16_384, form: 65_536 } as const;

/** Answers webhooks as `Kannel.fetch` says. */
export function kannelAnswers(secret: string, hand: Hand): (request: Request) => Promise<Response> {
  const proof = digest(secret);

  return async (request) => {
    if (request.method !== "GET" && request.method !== "POST") return plain(405, "Kannel asks by GET or POST.", { allow: "GET, POST" });
    if (request.url.length > longest.address) return plain(414, "The address is longer than 16 kB.");
    const { pathname, search } = new URL(request.url);
    const webhook = /\/(message|receipt)$/.exec(pathname)?.[1];
    if (webhook === undefined) return plain(404, "Webhooks are at /message and /receipt.");

    let tell: (receiver: Receiver) => Promise<void>;
    try {
      const query = parametersOf(search.slice(1));
      if (!timingSafeEqual(digest(query.get("secret") ?? ""), proof)) return plain(403, "secret is missing or wrong.");
      const parameters = await withForm(request, query);
      if (webhook === "message") {
        const message = messageOf(parameters);
        tell = (receiver) => receiver.message(message);
      } else {
        const receipt = receiptOf(parameters);
        tell = (receiver) => receiver.receipt(receipt);
      }
    } catch (error) {
      if (error instanceof SojournError) return plain(error.status, error.message);
      throw error;
    }

    try {
      if (!(await hand(tell))) return plain(503, "Nobody receives messages here at the moment.");
    } catch {
      // The receiver knows why, and who may be told.
      return plain(503, "It could not be kept. Send it again.");
    }
    // Without text/plain an empty answer is to Kannel a message of no octets.
    return plain(200, "");
  };
}

async function withForm(request: Request, query: KannelParameters): Promise<KannelParameters> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? "")) return query;
  const { octets, whole } = await octetsOfBody(request.body, longest.form).catch((cause: unknown) => {
    throw new SojournError("invalid_field", "The form did not arrive whole.", { cause });
  });
  if (!whole) throw new SojournError("too_large", "The form is longer than 64 kB.");
  return parametersOf(Buffer.from(octets).toString("latin1"), query);
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers } });
}

/** Digests are of one length, so that comparing them takes the same time whatever is given. */
function digest(secret: string | Uint8Array): Buffer {
  return createHash("sha256").update(secret).digest();
}
