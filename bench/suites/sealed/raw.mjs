import { createCipheriv, createDecipheriv, randomBytes, randomFillSync } from "node:crypto";

// AES-256-GCM as node:crypto has it, in the shortest way that is right: what everything else is compared with.

const key = randomBytes(32);
const nonceLength = 12;
const tagLength = 16;

/** @param {object} value @param {Buffer} [nonce] */
export function sealRaw(value, nonce = randomBytes(nonceLength)) {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = cipher.update(JSON.stringify(value), "utf8");
  cipher.final();
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url");
}

/**
 * @param {string} text
 * @returns {unknown}
 * @throws when anything was changed
 */
export function openRaw(text) {
  const bytes = Buffer.from(text, "base64url");
  const end = bytes.length - tagLength;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceLength));
  decipher.setAuthTag(bytes.subarray(end));
  const opened = decipher.update(bytes.subarray(nonceLength, end));
  decipher.final();
  return JSON.parse(opened.toString("utf8"));
}

const pool = Buffer.alloc(512 * nonceLength);
let at = pool.length;

/** A nonce of many that were drawn at once: to ask for 12 random bytes costs a quarter of a whole seal. */
export function drawnNonce() {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += nonceLength;
  return pool.subarray(at - nonceLength, at);
}
