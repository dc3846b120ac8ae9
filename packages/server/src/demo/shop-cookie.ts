import { readCookie, writeCookie, type HeaderCarrier } from "sojourn/http";

const name = "sojourn-demo";

/**
 * The shop's cookie. The library's own `cookie()` is Secure, which Safari does not keep for http://127.0.0.1, and cookies of one host are shared by all its
 * ports; so this one has a name and a path of its own, and is for a loopback address only. Nobody reads what never leaves the machine.
 */
export const shopCookie: HeaderCarrier = {
  header: "cookie",
  read: (value) => readCookie(value, `${name}=`),
  setCookie: ({ token }) => writeCookie(name, token ?? "", "; Path=/demo; HttpOnly; SameSite=Lax", token === undefined ? 0 : undefined),
  secure: false,
};
