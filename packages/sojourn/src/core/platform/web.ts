/** SHA-256 of the text's UTF-8 bytes, base64url. WebCrypto has no synchronous hash. */
export async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** Fills the array with random bytes from the platform's CSPRNG. */
export function randomFill(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes);
}
