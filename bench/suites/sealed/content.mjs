/** Bytes of the content's JSON. */
export const contentBytes = 300;
/** Six digits, so that a change makes nothing longer. */
export const leastViews = 100_000;
export const mostViews = 999_999;

/** Who is logged in, where a session knows that: 26 characters. */
export const subject = "01jd3v9q2k7x4n8m5w6t0r1abc";

/** What an application might keep in a cookie: nine fields, 300 bytes of JSON. */
export function content() {
  const fields = {
    userId: "user-00000001",
    email: "client000001@example.com",
    roles: ["member", "editor"],
    locale: "en-GB",
    theme: "dark",
    views: leastViews,
    cart: [{ sku: "sku-000123", quantity: 2, price: 1_999 }],
    returnTo: "/checkout",
    notes: "",
  };
  return { ...fields, notes: "n".repeat(contentBytes - JSON.stringify(fields).length) };
}
