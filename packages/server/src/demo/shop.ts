import { createSessions, SojournError, type Store } from "sojourn";
import { RewritingStream } from "parse5-html-rewriting-stream";
import { formField, rewriter, urlParameter } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import type { Annex } from "../app.ts";
import type { Log } from "../log.ts";
import { Problem } from "../problem.ts";
import { cart, removeFromCart } from "./cart.ts";
import { addToCart, catalogue } from "./catalogue.ts";
import { devices, endDevice, endOthers } from "./devices.ts";
import { goodbye, login, loginPage, logout } from "./login.ts";
import { shopCookie } from "./shop-cookie.ts";
import { style } from "./style.ts";
import type { ShopData, ShopHandler } from "./visit.ts";

const pages: Readonly<Record<string, { readonly GET?: ShopHandler; readonly POST?: ShopHandler }>> = {
  "/demo": { GET: catalogue },
  "/demo/cart": { GET: cart, POST: addToCart },
  "/demo/cart/remove": { POST: removeFromCart },
  "/demo/login": { GET: loginPage, POST: login },
  "/demo/logout": { POST: logout },
  "/demo/goodbye": { GET: goodbye },
  "/demo/devices": { GET: devices },
  "/demo/devices/end": { POST: endDevice },
  "/demo/devices/end-others": { POST: endOthers },
};

/** A small shop on the library's Fetch adapter, with sessions of a tenant of its own. */
export function createShop(store: Store, log: Log): Annex {
  const sessions = createSessions<ShopData>({ store, tenant: "demo" });
  sessions.on("failed", ({ doing, error }) => log.error(`demo: could not ${doing}`, error));
  const peers = new WeakMap<Request, string>();
  const web = fetchSessions(sessions, {
    // Who takes no cookies is led by links and forms.
    carriers: [shopCookie, urlParameter({ name: "sid", pages: rewriter(RewritingStream) }), formField({ name: "sid" })],
    peer: (request) => peers.get(request),
    onFailure: (error) => {
      if (!(error instanceof SojournError) || error.status >= 500) log.error("demo: a request failed", error);
    },
  });

  const handle = web.handle(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/demo/shop.css") return new Response(style, { headers: { "Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache" } });
    const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    if (page === undefined) throw new Problem(404, "not_found", "The shop has no such page. It begins at /demo.");
    const handler = request.method === "POST" ? page.POST : request.method === "GET" || request.method === "HEAD" ? page.GET : undefined;
    if (handler === undefined) {
      const allow = [...(page.GET === undefined ? [] : ["GET", "HEAD"]), ...(page.POST === undefined ? [] : ["POST"])].join(", ");
      throw new Problem(405, "method_not_allowed", `${request.method} is not something that ${pathname} knows. It knows ${allow}.`, {
        headers: { Allow: allow },
      });
    }
    return handler({ session: await web.session(request), sessions, request });
  });

  return {
    path: "/demo",
    fetch(request, peer) {
      if (peer !== undefined) peers.set(request, peer);
      return handle(request);
    },
  };
}
