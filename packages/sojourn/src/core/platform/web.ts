/** SHA-256 of the text's UTF-8 bytes, base64url. WebCrypto has no synchronous hash. */
export async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** Whether timers, and work that nobody waits for, outlive the request in which they began: Workers end both with its answer. */
export const outlivesRequests: boolean = false;

/** Fills the array with random bytes from the platform's CSPRNG. */
export function randomFill(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes);
}
