import { html, type Html } from "./html.ts";
import type { ShopVisit } from "./visit.ts";

/** Nothing but our own style sheet, forms to ourselves, no scripts, no frames. */
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A page of the shop around its content. Takes the visitor's flash message with it. */
export function page({ session }: ShopVisit, title: string, content: Html, status = 200): Response {
  const message = session.flash("message");
  const pieces = session.get("cart")?.length ?? 0;
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · The Halt</title>
<link rel="stylesheet" href="/demo/shop.css">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<a class="brand" href="/demo">The Halt</a>
<nav aria-label="Shop">
<a href="/demo/cart">Cart <span class="count">${pieces}</span></a>
${session.subject === undefined ? html`<a href="/demo/login">Log in</a>` : loggedIn(session.subject)}
</nav>
</header>
<main id="content">
${typeof message === "string" ? html`<p class="flash" role="status">${message}</p>` : ended(session.refusal)}
<h1>${title}</h1>
${content}
</main>
<footer><p>${fact(session)}</p></footer>
</body>
</html>
`;
  return new Response(markup, {
    status,
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY" },
  });
}

function loggedIn(name: string): Html {
  return html`<a href="/demo/devices">Devices</a>
<form method="post" action="/demo/logout"><button class="plain">Log out <strong>${name}</strong></button></form>`;
}

/** The owner of a token may know why it resumes nothing any more. */
function ended(refusal: string | undefined): Html | undefined {
  if (refusal === "ended") return html`<p class="flash" role="status">This session was ended, here or from another device.</p>`;
  return refusal === "expired" ? html`<p class="flash" role="status">This session expired after a time without activity.</p>` : undefined;
}

function fact({ id, version, exists }: ShopVisit["session"]): Html {
  if (!exists) return html`There is no session yet: looking round makes no row and no cookie. Put something into the cart and there is.`;
  return html`Session <code>${id}</code>, version ${version}. It is in your data folder, and outlives the server.`;
}
