/** Whether a response knows the type of its text. Bun's does not: it is sent with it, unless somebody has taken the body out. */
let typed: boolean | undefined;

/**
 * Another response with this one's body, and headers that can be changed: those of a redirect or of a fetched response cannot, and one without a body may be a
 * constant that the application gives to everybody. It is made after the other as a whole: on Workers that is how it is known that a body is compressed already.
 */
export function copiedResponse(response: Response): Response {
  typed ??= new Response("").headers.has("content-type");
  if (typed || response.headers.has("content-type")) return new Response(response.body, response);
  const copy = response.clone();
  // A stream has two readers now, and the one that never reads would have all of it kept for it.
  response.body?.cancel().catch(() => undefined);
  return copy;
}
