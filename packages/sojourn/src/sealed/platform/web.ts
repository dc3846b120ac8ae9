import { base64url } from "../base64url.ts";
import { mix, tagLength, templateOf, type Xaes } from "../xaes.ts";

export { base64url, fromBase64url as bytesOf } from "../base64url.ts";

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const empty = new Uint8Array(0);
const encoder = new TextEncoder();
// A byte order mark is a character like any other here, as it is to node:buffer.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes for what `info` names. */
export async function hkdf(key: Uint8Array, info: string, length: number): Promise<Uint8Array> {
  const material = await crypto.subtle.importKey("raw", new Uint8Array(key), "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: empty, info: encoder.encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, material, length * 8));
}

/** XAES-256-GCM under a key of 32 bytes. */
export async function xaes(key: Uint8Array): Promise<Xaes> {
  const cbc = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-CBC", false, ["encrypt"]);
  // WebCrypto has no ECB: the first block of CBC after a block of zeros is the same.
  const encrypted = async (block: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, cbc, block), 0, 16);
  const template = templateOf(await encrypted(new Uint8Array(16)));
  const subkey = async (sealed: Uint8Array, from: number, use: "encrypt" | "decrypt"): Promise<CryptoKey> => {
    const blocks = new Uint8Array(32);
    mix(blocks, template, sealed, from);
    const [low, high] = await Promise.all([encrypted(blocks.subarray(0, 16)), encrypted(blocks.subarray(16))]);
    blocks.set(low);
    blocks.set(high, 16);
    return crypto.subtle.importKey("raw", blocks, "AES-GCM", false, [use]);
  };
  const gcm = (sealed: Uint8Array, from: number, aad: Uint8Array): Parameters<typeof crypto.subtle.encrypt>[0] => ({
    name: "AES-GCM",
    iv: sealed.slice(from + 12, from + 24),
    additionalData: aad.slice(),
    tagLength: tagLength * 8,
  });
  return {
    async seal(front, head, body, aad) {
      const start = front.length;
      const plain = joined(head, encoder.encode(body));
      const out = new Uint8Array(start + plain.length + tagLength);
      out.set(front);
      const derived = await subkey(out, start - 24, "encrypt");
      out.set(new Uint8Array(await crypto.subtle.encrypt(gcm(out, start - 24, aad), derived, plain)), start);
      return base64url(out);
    },
    async open(sealed, from, aad) {
      const derived = await subkey(sealed, from, "decrypt");
      try {
        return new Uint8Array(await crypto.subtle.decrypt(gcm(sealed, from, aad), derived, sealed.slice(from + 24)));
      } catch {
        return undefined;
      }
    },
  };
}

/** The text whose UTF-8 bytes begin at `from`. */
export function utf8(bytes: Uint8Array, from: number): string {
  return decoder.decode(bytes.subarray(from));
}

/** Whether {@link deflate} and {@link inflate} take a dictionary: CompressionStream takes none. */
export function takesDictionary(): boolean {
  return false;
}

/** Raw DEFLATE (RFC 1951). */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return (await collected(bytes, new CompressionStream("deflate-raw"), Number.POSITIVE_INFINITY)) as Uint8Array;
}

/** What was deflated; `undefined` when that is more than `most` bytes, or these bytes are no raw DEFLATE stream. What stands behind its end some runtimes pass over. */
export async function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array | undefined> {
  try {
    return await collected(bytes, new DecompressionStream("deflate-raw"), most);
  } catch {
    return undefined;
  }
}

/** In small pieces, the next when somebody reads: what a bomb can unfold before it is stopped is a thousand times one piece. */
async function collected(bytes: Uint8Array, through: CompressionStream | DecompressionStream, most: number): Promise<Uint8Array | undefined> {
  let given = 0;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (given >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(given, (given += 256)));
      },
    },
    { highWaterMark: 0 },
  );
  const reader = (source.pipeThrough(through) as ReadableStream<Uint8Array>).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > most) {
      await reader.cancel();
      return undefined;
    }
    parts.push(next.value);
  }
  const all = new Uint8Array(length);
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** HMAC-SHA-256 (RFC 2104) of the text's UTF-8 bytes, base64url. */
export async function hmacSha256(key: Uint8Array, text: string): Promise<string> {
  const imported = await crypto.subtle.importKey("raw", new Uint8Array(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return base64url(new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text))));
}
