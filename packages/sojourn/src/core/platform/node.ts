import { hash, randomFillSync } from "node:crypto";

/** SHA-256 of the text's UTF-8 bytes, base64url. Synchronous on Node, Bun and Deno. */
export function sha256(text: string): string {
  return hash("sha256", text, "base64url");
}

/** Whether timers, and work that nobody waits for, outlive the request in which they began. */
export const outlivesRequests: boolean = true;

/** Fills the array with random bytes from the platform's CSPRNG. */
export function randomFill(bytes: Uint8Array): void {
  randomFillSync(bytes);
}
