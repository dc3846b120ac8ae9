import { cookie, readCookie, writeCookie, type HeaderCarrier } from "sojourn/http";

const overTls = "__Host-Http-sojourn-console";
const onLoopback = "sojourn-console";

/**
 * The cookie of a person at the console: never sent by a page of another site. On plain http it is for a loopback address only (what never leaves the machine nobody
 * reads), without Secure, which Safari keeps for no http address; so it has a name of its own, for cookies of one host are shared by all its ports.
 */
export function consoleCookie(behindTls: boolean): HeaderCarrier {
  if (behindTls) return cookie({ name: overTls, sameSite: "Strict" });
  return {
    header: "cookie",
    read: (value) => readCookie(value, `${onLoopback}=`),
    setCookie: ({ token }) => writeCookie(onLoopback, token ?? "", "; Path=/; HttpOnly; SameSite=Strict", token === undefined ? 0 : undefined),
    secure: false,
  };
}
