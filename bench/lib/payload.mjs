/** How many sessions each server keeps. */
export const sessionCount = 1_000;
const bytes = 500;

/** @param {number} client 0 to 999. */
export function userOf(client) {
  return `user-${String(client).padStart(8, "0")}`;
}

/**
 * What an application might keep of a client who is logged in: 12 fields, 500 bytes of JSON.
 * @param {number} client
 */
export function payloadOf(client) {
  const fields = {
    userId: userOf(client),
    email: `client${String(client).padStart(6, "0")}@example.com`,
    roles: ["member", "editor"],
    locale: "en-GB",
    theme: "dark",
    timeZone: "Europe/Lisbon",
    views: 0,
    plan: { name: "team", seats: 25, trial: false },
    cart: [
      { sku: "sku-000123", quantity: 2, price: 1_999 },
      { sku: "sku-000456", quantity: 1, price: 4_999 },
    ],
    visited: ["/", "/products", "/products/sku-000123"],
    returnTo: "/checkout",
    notes: "",
  };
  return { ...fields, notes: "n".repeat(bytes - JSON.stringify(fields).length) };
}
