import { fromBase64url } from "./base64url.ts";
import { jsonObject, longestText } from "./foreign.ts";

/** The parts of a JWE in compact form whose key is used as it is (`dir`, RFC 7516 section 3.1, RFC 7518 section 4.5). Nothing is verified yet. */
export interface CompactJwe {
  /** The content encryption that the header names. The header is the sender's word: it chooses among what is offered, and nothing else. */
  readonly enc: string;
  /** What is authenticated beside the ciphertext: the header as it stands there. */
  readonly aad: Uint8Array<ArrayBuffer>;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  readonly tag: Uint8Array<ArrayBuffer>;
}

const utf8 = new TextEncoder();

/**
 * Takes a text apart. `undefined` when it is too long, no JWE in compact form, not of the one spelling that its bytes have, or its header asks for another
 * key management than `dir`, for extensions that must be understood (`crit`) or for inflating (`zip`: a small token could become a large one).
 */
export function parseJwe(text: string): CompactJwe | undefined {
  if (text.length > longestText) return undefined;
  const parts = text.split(".", 6);
  const [protectedHeader = "", encryptedKey, ...rest] = parts;
  if (parts.length !== 5 || encryptedKey !== "") return undefined;
  const [iv, ciphertext, tag] = rest.map(fromBase64url);
  const headerBytes = fromBase64url(protectedHeader);
  if (iv === undefined || ciphertext === undefined || tag === undefined || headerBytes === undefined) return undefined;
  const header = jsonObject(headerBytes);
  if (header?.["alg"] !== "dir" || typeof header["enc"] !== "string" || "crit" in header || "zip" in header) return undefined;
  return { enc: header["enc"], aad: utf8.encode(protectedHeader), iv, ciphertext, tag };
}
