import { SojournError } from "../core/errors.ts";

/**
 * The form in a request, read from a copy of its body: the handler's own stays as it is. `undefined` when its type says that there is none, or it is none.
 * @param limit most bytes of it.
 * @throws {SojournError} `too_large`; `invalid_option` when the body was read before
 */
export async function formOf(request: Request, limit: number): Promise<FormData | undefined> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^(?:application\/x-www-form-urlencoded|multipart\/form-data)[ \t]*(?:;|$)/i.test(type) || request.body === null) return undefined;
  if (request.bodyUsed)
    throw new SojournError(
      "invalid_option",
      "web.session(request) looks for a field of the form, and the body has been read already. Ask for the session first, or read request.clone().",
    );
  if (Number(request.headers.get("content-length")) > limit) throw tooLarge(limit);
  const bytes = await bytesOf(request.clone(), limit);
  try {
    // oxlint-disable-next-line typescript/no-deprecated -- it is bounded, and the only parser there is on every platform
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch {
    return undefined;
  }
}

async function bytesOf(copy: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = (copy.body as ReadableStream<Uint8Array>).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > limit) {
      // Not waited for: a copy is let go of only when the other is.
      reader.cancel().catch(() => undefined);
      throw tooLarge(limit);
    }
    parts.push(next.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function tooLarge(limit: number): SojournError {
  return new SojournError("too_large", `The form has more than ${limit} bytes, so the field of its session was not looked for. Raise formField's limit.`);
}
