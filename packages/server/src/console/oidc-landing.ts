/** What of an authorization response (RFC 6749 §4.1.2, RFC 9207 §2) is carried on. */
const carried = ["code", "state", "iss", "error"] as const;

/** The part of a query that is an authorization response. A name that comes twice stays so, and is refused later. */
export function answerIn(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(carried.flatMap((name) => query.getAll(name).map((value): [string, string] => [name, value])));
}

/**
 * A page that goes on by itself. A browser comes back from the provider by a navigation that another site began, with which it sends no cookie that is
 * SameSite=Strict; the one that this page begins is our own. It needs no script, and holds nothing but what the URL had.
 * @param path of ours
 */
export function landingPage(path: string, answer: URLSearchParams): Response {
  // Of what URLSearchParams writes, & alone has a meaning in HTML.
  const href = `${path}?${answer.toString().replaceAll("&", "&amp;")}`;
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0;url=${href}">
<title>Sojourn console</title>
<p>You come back from the provider. <a href="${href}">Go on to the console</a></p>
</html>
`;
  return new Response(html, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
    },
  });
}
