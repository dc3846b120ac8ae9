import { goodOf, goods, priceText, type Good } from "./goods.ts";
import { html, type Html } from "./html.ts";
import { page } from "./page.ts";
import { formOf, seeOther, type ShopHandler } from "./visit.ts";

/** What is in the cart. */
export const cart: ShopHandler = (visit) => {
  const pieces = visit.session.get("cart") ?? [];
  const lines = goods.map((good) => ({ good, count: pieces.filter((sku) => sku === good.sku).length })).filter(({ count }) => count > 0);
  const total = lines.reduce((sum, { good, count }) => sum + good.price * count, 0);
  const content =
    lines.length === 0
      ? html`<p>It is empty. <a href="/demo">See what there is.</a></p>`
      : html`<table>
<thead><tr><th scope="col">Good</th><th scope="col">Pieces</th><th scope="col">Price</th><th scope="col"><span class="hidden">Change</span></th></tr></thead>
<tbody>${lines.map(({ good, count }) => row(good, count))}</tbody>
<tfoot><tr><th scope="row" colspan="2">Together</th><td>${priceText(total)}</td><td></td></tr></tfoot>
</table>
${visit.session.subject === undefined ? html`<p><a class="button" href="/demo/login">Log in</a> The cart comes with you.</p>` : undefined}`;
  return Promise.resolve(page(visit, "Your cart", content));
};

function row({ sku, name, price }: Good, count: number): Html {
  return html`<tr><th scope="row">${name}</th><td>${count}</td><td>${priceText(price * count)}</td><td>
<form method="post" action="/demo/cart/remove"><input type="hidden" name="sku" value="${sku}"><button class="plain" aria-label="Take one ${name} out">Take one out</button></form></td></tr>`;
}

/** Takes one piece out. */
export const removeFromCart: ShopHandler = async ({ session, request }) => {
  const good = goodOf((await formOf(request)).get("sku"));
  if (good === undefined || !session.exists) return seeOther("/demo/cart");
  await session.update("cart", (pieces = []) => {
    const at = pieces.indexOf(good.sku);
    return at === -1 ? pieces : pieces.toSpliced(at, 1);
  });
  session.flash("message", `One ${good.name} is out of your cart.`);
  return seeOther("/demo/cart");
};
