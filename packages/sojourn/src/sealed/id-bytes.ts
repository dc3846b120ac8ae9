import type { SessionId } from "../core/seam.ts";

const base32 = "0123456789abcdefghjkmnpqrstvwxyz";
const digits = new Uint8Array(128);
for (let i = 0; i < 32; i++) digits[base32.charCodeAt(i)] = i;

/** Two digits for each ten bits: half the concatenations. */
const pairs: readonly string[] = Array.from({ length: 1024 }, (_, bits) => base32.charAt(bits >> 5) + base32.charAt(bits & 31));

/** Writes an id, 26 characters of which the first ten are 48 bits of time, as 16 bytes. */
export function idBytes(id: SessionId, into: Uint8Array, at: number): void {
  let bits = 0;
  let value = 0;
  let next = at;
  // The first ten characters hold 50 bits, of which the upper two are none.
  for (let i = 0; i < 26; i++) {
    value = (value << 5) | (digits[id.charCodeAt(i)] as number);
    bits += i === 0 ? 3 : 5;
    if (bits >= 8) {
      bits -= 8;
      into[next++] = (value >> bits) & 255;
      value &= (1 << bits) - 1;
    }
  }
}

/** The id that {@link idBytes} wrote. */
export function idText(bytes: Uint8Array, at: number): SessionId {
  let id = "";
  let bits = 2;
  let value = 0;
  for (let i = 0; i < 16; i++) {
    value = (value << 8) | (bytes[at + i] as number);
    bits += 8;
    if (bits < 10) continue;
    bits -= 10;
    id += pairs[value >> bits];
    value &= (1 << bits) - 1;
  }
  return id as SessionId;
}

/** Epoch ms of the creation, of the bytes that {@link idBytes} wrote. */
export function createdIn(bytes: Uint8Array, at: number): number {
  let created = 0;
  for (let i = 0; i < 6; i++) created = created * 256 + (bytes[at + i] as number);
  return created;
}
