#!/usr/bin/env node
// A CGI program (RFC 3875): a process a request. What it knows of its visitor rests in LMDB; the visitor brings the token in links and forms alone.
import { open } from "lmdb";
import { RewritingStream } from "parse5-html-rewriting-stream";
import { createSessions } from "sojourn";
import { formField, rewriter, urlParameter } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

const { REQUEST_METHOD: method = "GET", REQUEST_URI: uri = "/", HTTP_HOST: host = "localhost", CONTENT_TYPE: type, DATA = "" } = process.env;
const root = openLmdb(open, DATA);
const store = lmdbStore(root);
/** @type {import("sojourn").Sessions<{ cart: string[] }>} */
const sessions = createSessions({ store });
const web = fetchSessions(sessions, { carriers: [urlParameter({ name: "sid", pages: rewriter(RewritingStream) }), formField({ name: "sid" })] });

const handle = web.handle(async (request) => {
  const session = await web.session(request);
  if (request.method === "POST") {
    const sku = /** @type {string} */ ((await request.formData()).get("sku"));
    await session.update("cart", (cart = []) => [...cart, sku]);
    return new Response(null, { status: 303, headers: { Location: "/cgi/shop" } });
  }
  const page = `<title>Shop</title><p id=cart>${(session.get("cart") ?? []).join(", ")}</p>
<form method=post action=/cgi/shop><input name=sku><button>Add</button></form>
<a id=again href=/cgi/shop>Again</a> <a id=away href=https://example.org/>Away</a>`;
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
});

/** @type {Uint8Array[]} */
const body = [];
if (method === "POST") for await (const chunk of process.stdin) body.push(chunk);
const request = new Request(new URL(uri, `http://${host}`), {
  method,
  ...(method === "POST" && { body: new Uint8Array(Buffer.concat(body)) }),
  headers: type === undefined ? {} : { "Content-Type": type },
});
const { status, headers, body: page } = await handle(request);
let head = `Status: ${status}\r\n`;
headers.forEach((value, name) => (head += `${name}: ${value}\r\n`));
process.stdout.write(`${head}\r\n`);
if (page !== null) for await (const chunk of page) process.stdout.write(chunk);
await store.close();
await root.close();
