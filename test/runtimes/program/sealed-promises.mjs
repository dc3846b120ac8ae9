// What sealed sessions ask of a runtime: HKDF, AES, DEFLATE, by node:crypto or by WebCrypto alone.
import { newKey, sealedSessions } from "sojourn/sealed";
import { same } from "./promises.mjs";

/** Made on Node 20 at this moment, under this key: what is sealed on one runtime opens on all others, and on those to come. */
const sealed = {
  key: "Wq3-0dPxL7yKc1uVnE9tGzR5hJ2mBf8sQaX4oTiUw6Y",
  at: 1_790_000_000_000,
  token:
    "AaymqMgAzHnMexptw9KmJ2WjV98Jg9U6gmlgc-IlvA1P3zjdL5WqFZ9Y-DdOP7_EzNpYfTYaUpo6SNnJWXWnKh3-3KirhyX906EcXZY1yEfM-zOJJ19b3zINAiwNkl4DEHVT5_hBOg9c4a0ccdgLk84yjbzB9w",
};

/** @param {() => import("sojourn").Store} makeStore */
export function sealedPromises(makeStore) {
  return {
    async "sealed: what another runtime sealed opens here; not a day later, and not changed"() {
      const at = (/** @type {number} */ now) => sealedSessions({ keys: [sealed.key], clock: { now: () => now } });
      const session = await at(sealed.at).resume(sealed.token);
      same([session?.subject, session?.methods, session?.data], ["ana", ["pwd"], { cart: ["tea", "пирог"] }]);
      same((await at(sealed.at + 86_400_000).resume(sealed.token)) === undefined, true, "a day later");
      for (const changed of [sealed.token.replace(/w$/, "g"), `B${sealed.token.slice(1)}`, sealed.token.slice(0, -4), `${sealed.token}AAAA`])
        same((await at(sealed.at).resume(changed)) === undefined, true, "changed");
    },

    async "sealed: a visit writes, logs in and is resumed by another; fields without secrets are compressed"() {
      const keys = [newKey()];
      const sessions = sealedSessions({ keys, compress: { fields: ["cart"] } });
      const visit = await sessions.visit({ place: "session", room: 4_000 });
      const cart = Array.from({ length: 300 }, (_, i) => `article ${i % 5}`);
      visit.set("cart", cart);
      await visit.authenticate("ana", { methods: ["pwd"], keep: ["cart"] });
      visit.set("note", "\u{1f642} é\uFEFF");
      const back = await sessions.settle(visit);
      if (back?.token === undefined || back.token.length > 600) throw new Error(`the token has ${back?.token?.length} characters`);
      const next = await sealedSessions({ keys, compress: { fields: ["cart"] } }).visit({ token: back.token, place: "session" });
      same([next.subject, next.get("cart"), next.get("note")], ["ana", cart, "\u{1f642} é\uFEFF"]);
      same((await sessions.visit({ token: back.token, place: "other" })).exists, false);
    },

    async "sealed: many at once, each with its own nonce, and the token for a program holds what was committed"() {
      const sessions = sealedSessions({ keys: [newKey()] });
      const tokens = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const session = await sessions.create({ subject: `user-${i}`, data: { n: i } });
          return session.token ?? "";
        }),
      );
      same(new Set(tokens.map((token) => token.slice(23, 54))).size, 50);
      for (const [i, token] of tokens.entries()) {
        const session = await sessions.resume(token);
        same([session?.subject, session?.get("n")], [`user-${i}`, i]);
      }
    },

    async "sealed: what was ended is refused, and so is the token of before a log-in"() {
      const store = makeStore();
      if (!("watch" in store)) return "this store cannot be watched";
      const sessions = sealedSessions({ keys: [newKey()], revocations: /** @type {any} */ (store) });
      const visit = await sessions.visit({});
      visit.set("n", 1);
      await visit.commit();
      const { token: planted = "" } = visit;
      const again = await sessions.visit({ token: planted });
      await again.authenticate("ana");
      const { token = "", id = "" } = again;
      same([(await sessions.resume(planted)) === undefined, (await sessions.resume(token))?.subject], [true, "ana"]);
      await sessions.end({ id, subject: "ana" });
      same((await sessions.resume(token)) === undefined, true, "ended");
      await sessions.close();
      return undefined;
    },
  };
}
