import { trustedProxies } from "sojourn/http";
import type { Ask } from "./routes/route.ts";

const oneProxy = trustedProxies(1);

/** Where a request came from: the address that the proxy in front saw, if there is one, else that of the connection. `""` when nobody can tell. */
export function clientAddress(ask: Ask, behindTls: boolean): string {
  const peer = ask.env.incoming.socket.remoteAddress;
  if (!behindTls) return peer ?? "";
  const said = { peer, forwardedFor: ask.req.header("x-forwarded-for"), forwardedProto: ask.req.header("x-forwarded-proto") };
  return oneProxy.address(said) ?? "";
}
