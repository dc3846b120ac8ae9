import { serverOf } from "../../http/designs/node-sojourn.mjs";
import { cookiesOf, managerAsShipped } from "./manager.mjs";

/** node:http and sealed sessions. */
export async function nodeSealed() {
  const server = serverOf(managerAsShipped());
  return { server, cookies: await cookiesOf(server) };
}
