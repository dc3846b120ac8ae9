/** Bytes that AES-256-CBC and HMAC-SHA-512 have made of others: the three last parts of a JWE. */
export interface Encrypted {
  /** 16 bytes. */
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  /** 32 bytes. */
  readonly tag: Uint8Array<ArrayBuffer>;
}

/** AEAD_AES_256_CBC_HMAC_SHA_512, `A256CBC-HS512` in a JWE (RFC 7518 section 5.2.5), under one key. */
export interface A256cbcHs512 {
  encrypt(plaintext: Uint8Array<ArrayBuffer>, aad: Uint8Array<ArrayBuffer>): Promise<Encrypted>;
  /** `undefined` unless all of it is as it was made. The tag is compared first: a wrong padding is never told from a wrong tag. */
  decrypt(encrypted: Encrypted, aad: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** @param key 64 bytes: the first 32 authenticate, the others encrypt */
export function a256cbcHs512(key: Uint8Array): A256cbcHs512 {
  const { subtle } = crypto;
  // The keys are kept, not the promises of them: on Workers, no request may wait for what another one has begun.
  let imported: Awaited<ReturnType<typeof importKeys>> | undefined;

  async function importKeys() {
    const [mac, aes] = await Promise.all([
      subtle.importKey("raw", key.slice(0, 32), { name: "HMAC", hash: "SHA-512" }, false, ["sign"]),
      subtle.importKey("raw", key.slice(32, 64), "AES-CBC", false, ["encrypt", "decrypt"]),
    ]);
    return { mac, aes };
  }

  async function tagOf(aad: Uint8Array<ArrayBuffer>, iv: Uint8Array<ArrayBuffer>, ciphertext: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const bits = new Uint8Array(8);
    new DataView(bits.buffer).setBigUint64(0, BigInt(aad.length) * 8n);
    imported ??= await importKeys();
    return new Uint8Array(await subtle.sign("HMAC", imported.mac, joined(aad, iv, ciphertext, bits))).subarray(0, 32);
  }

  return {
    async encrypt(plaintext, aad) {
      imported ??= await importKeys();
      const iv = crypto.getRandomValues(new Uint8Array(16));
      const ciphertext = new Uint8Array(await subtle.encrypt({ name: "AES-CBC", iv }, imported.aes, plaintext));
      return { iv, ciphertext, tag: await tagOf(aad, iv, ciphertext) };
    },
    async decrypt({ iv, ciphertext, tag }, aad) {
      if (iv.length !== 16) return undefined;
      imported ??= await importKeys();
      if (!same(await tagOf(aad, iv, ciphertext), tag)) return undefined;
      try {
        return new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv }, imported.aes, ciphertext));
      } catch {
        // Whoever has the key has padded wrongly.
        return undefined;
      }
    },
  };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** In a time that tells nothing about where two of one length differ. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] ?? 0);
  return difference === 0;
}
