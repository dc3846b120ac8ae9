import { createHash, createHmac, randomBytes } from "node:crypto";

/** A secret as Standard Webhooks writes it: 256 random bits. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** The fields by which a receiver knows that a message is ours, whole, and not an old one (Standard Webhooks 1.0). @param at epoch ms of this attempt */
export function signed(secret: string, id: string, at: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  const mac = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"))
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}` };
}

/** The same for each attempt, by whichever server, also after one was lost: a receiver drops what it had before. */
export function messageId(...parts: readonly (string | number)[]): string {
  return `msg_${createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 32)}`;
}
