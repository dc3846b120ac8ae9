import type { Session, Sessions } from "sojourn";
import { readBytes } from "../body.ts";
import { Problem } from "../problem.ts";

/** What the shop remembers of a visitor: a sku for every piece in the cart. */
export interface ShopData {
  cart: string[];
}

/** One request to the shop. */
export interface ShopVisit {
  readonly session: Session<ShopData>;
  readonly sessions: Sessions<ShopData>;
  readonly request: Request;
}

/** What answers one method of one path. */
export type ShopHandler = (visit: ShopVisit) => Promise<Response>;

const formBound = 8_192;

/** The fields of a form that was sent. @throws {Problem} 413, 415 */
export async function formOf(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded")
    throw new Problem(415, "unsupported_media_type", "Send the form as application/x-www-form-urlencoded, as browsers do.");
  return new URLSearchParams(new TextDecoder().decode(await readBytes(request, formBound)));
}

/** After a form: the browser asks for a page, and a reload sends nothing again (RFC 9110 §15.4.4). */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { Location: location } });
}
