import { goodOf, goods, priceText, type Good } from "./goods.ts";
import { html, type Html } from "./html.ts";
import { page } from "./page.ts";
import { formOf, seeOther, type ShopHandler } from "./visit.ts";

/** What there is to buy. */
export const catalogue: ShopHandler = (visit) =>
  Promise.resolve(
    page(
      visit,
      "For the road",
      html`<p class="lead">A small shop to try sessions on. Fill a cart without an account, log in, look at your devices, end one of them from another.</p>
<ul class="goods">${goods.map(card)}</ul>`,
    ),
  );

function card({ sku, name, about, price, drawing }: Good): Html {
  return html`<li>
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${drawing}"/></svg>
<h2>${name}</h2>
<p>${about}</p>
<form method="post" action="/demo/cart">
<input type="hidden" name="sku" value="${sku}">
<span class="price">${priceText(price)}</span>
<button aria-label="Add ${name} to the cart">Add</button>
</form>
</li>`;
}

const mostPieces = 50;

/** Puts a piece into the cart. An update, not a set: of two tabs that add at once neither loses its piece. */
export const addToCart: ShopHandler = async ({ session, request }) => {
  const good = goodOf((await formOf(request)).get("sku"));
  if (good === undefined) return seeOther("/demo");
  let full = false;
  await session.update("cart", (cart = []) => {
    full = cart.length >= mostPieces;
    return full ? cart : [...cart, good.sku];
  });
  session.flash("message", full ? `The cart is full: it takes ${mostPieces} pieces.` : `${good.name} is in your cart.`);
  return seeOther("/demo");
};
