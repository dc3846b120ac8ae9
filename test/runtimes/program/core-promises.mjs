// What core asks of a runtime beyond the language: chance, SHA-256, the clock, timers.
import { createSessions } from "sojourn";
import { same, until } from "./promises.mjs";
import { sealedPromises } from "./sealed-promises.mjs";

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Which of its two doors to the platform core has taken here: WebCrypto's digest is asynchronous and a method that can be watched.
 * @param {() => import("sojourn").Store} makeStore
 */
export async function doorOf(makeStore) {
  const { subtle } = crypto;
  const digest = subtle.digest.bind(subtle);
  let digests = 0;
  Object.defineProperty(subtle, "digest", {
    configurable: true,
    value: (/** @type {[string, Uint8Array<ArrayBuffer>]} */ ...args) => {
      digests += 1;
      return digest(...args);
    },
  });
  try {
    await createSessions({ store: makeStore() }).create();
  } finally {
    Reflect.deleteProperty(subtle, "digest");
  }
  return digests > 0 ? "WebCrypto" : "node:crypto";
}

/** @param {string} text */
async function sha256(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * False when the machine stood still for so long that nothing was learnt.
 * @param {import("sojourn").Sessions<Record<string, unknown>>} sessions @param {number} idle
 */
async function livesWhileUsed(sessions, idle) {
  let before = Date.now();
  const { created = 0, token = "" } = await sessions.create();
  if (created < before - 50 || created > Date.now() + 50) throw new Error(`created at ${created}, between ${before} and ${Date.now()}`);
  for (let i = 0; i < 6; i++) {
    await pause(70);
    const alive = (await sessions.resume(token)) !== undefined;
    const waited = Date.now() - before;
    if (!alive && waited >= idle) return false;
    same(alive, true, `alive ${waited} ms after it was used`);
    before = Date.now();
  }
  await pause(idle + 20);
  same((await sessions.resume(token)) === undefined, true, "over");
  return true;
}

/** @param {() => import("sojourn").Store} makeStore @param {(store: import("sojourn").Store) => import("sojourn").Store} distant */
export function corePromises(makeStore, distant) {
  /** @param {Partial<import("sojourn").SessionsOptions<any>>} [options] */
  const fresh = (options = {}) => {
    const store = makeStore();
    return { store, sessions: createSessions({ store, ...options }) };
  };

  return {
    async "secrets: the store knows the SHA-256 of a secret and nothing else of it; the token resumes, a changed one does not"() {
      const { store, sessions } = fresh();
      // Enough of them to meet every character of a digest.
      for (let i = 0; i < 20; i++) {
        const { id = "", token = "" } = await sessions.create({ subject: "alice" });
        const record = await store.load(/** @type {any} */ (id));
        const secret = token.slice(27);
        same(JSON.parse(record?.fields["$secret"] ?? "{}").hashes, [await sha256(secret)]);
        same(JSON.stringify(record).includes(secret), false);
        same((await sessions.resume(token))?.subject, "alice");
        same((await sessions.resume(token.replace(/.$/, (last) => (last === "A" ? "B" : "A")))) === undefined, true);
      }
    },

    async "tokens: 2,000 are all different, and all resume"() {
      const { sessions } = fresh({ rotation: false });
      const tokens = new Set();
      for (let i = 0; i < 2_000; i++) tokens.add((await sessions.create()).token);
      same(tokens.size, 2_000);
      same(new Set([...tokens].map((token) => token.slice(27))).size, 2_000);
      for (const token of tokens) if ((await sessions.resume(token)) === undefined) throw new Error(`${token} resumes nothing`);
    },

    async "digests: an alias, a checkpoint and a floor are found under theirs"() {
      const { sessions } = fresh();
      const session = await sessions.create({ subject: "alice", aliases: ["+358401234567"], data: { cart: ["apple"] } });
      same((await sessions.reach({ alias: "+358401234567" }))?.id, session.id);
      await session.checkpoint("before");
      session.set("cart", []);
      await session.commit();
      await session.restore("before");
      same(session.get("cart"), ["apple"]);
      same(await sessions.endAll({ subject: "alice" }), 1);
      same((await sessions.resume(session.token ?? "")) === undefined, true);
    },

    async "clock: a session lives while it is used within its idle time, and is over when it was not, by the machine's clock"() {
      for (let tries = 0; tries < 5; tries++) if (await livesWhileUsed(fresh({ idle: 300, touch: 1 }).sessions, 300)) return;
      throw new Error("the machine stood still each time");
    },

    async "deadlines: an answer of the store that never comes is given up in time"() {
      const { store, sessions } = fresh({ deadline: 100 });
      const { token = "" } = await sessions.create();
      const hanging = createSessions({ store: { ...store, load: () => new Promise(() => undefined) }, deadline: 100 });
      const began = performance.now();
      const code = await hanging.resume(token).then(
        () => "an answer",
        (/** @type {unknown} */ error) => /** @type {{ code?: string }} */ (error).code,
      );
      same(code, "store_unavailable");
      const waited = performance.now() - began;
      if (waited < 80 || waited > 2_000) throw new Error(`given up after ${waited} ms instead of 100`);
    },

    async "sweep: while run() is at work, what is idle ends without anybody asking for it"() {
      const { sessions } = fresh({ idle: 60, sweep: 20 });
      /** @type {string[]} */
      const ended = [];
      sessions.on("ended", ({ reason }) => ended.push(reason));
      await sessions.create();
      await sessions.run();
      await until("the end", () => ended.length > 0);
      await sessions.close();
      same(ended, ["idle"]);
    },

    async "wakes: a session is woken at its moment, once, and not before; after close() none is"() {
      const { sessions } = fresh({ sweep: 20 });
      /** @type {number[]} */
      const woken = [];
      sessions.onWake("web", async () => void woken.push(Date.now()));
      const at = Date.now() + 120;
      await sessions.create({ wakeAt: at });
      await sessions.run();
      await until("the wake", () => woken.length > 0);
      await pause(100);
      same(woken.length, 1, "times woken");
      const [when = 0] = woken;
      if (when < at) throw new Error(`woken ${at - when} ms early`);
      await sessions.close();
      await sessions.create({ wakeAt: Date.now() });
      await pause(100);
      same(woken.length, 1, "times woken, after close()");
    },

    async "sweep: run() and then close() make one round, for what is called by a timetable and may not stay"() {
      const { sessions } = fresh();
      const woken = new Set();
      sessions.onWake("web", async ({ id }) => void woken.add(id));
      for (let i = 0; i < 20; i++) await sessions.create({ wakeAt: Date.now() - 1 });
      await sessions.run();
      await sessions.close();
      same(woken.size, 20);
    },

    async "races: of 30 updates of one field at a distant store none is lost"() {
      const sessions = createSessions({ store: distant(makeStore()), deadline: "20s" });
      const { token = "" } = await sessions.create();
      const visits = await Promise.all(Array.from({ length: 30 }, () => sessions.resume(token)));
      await Promise.all(visits.map((session) => session?.update("n", (n) => Number(n ?? 0) + 1)));
      same((await sessions.resume(token))?.get("n"), 30);
    },

    async "races: of 10 log-ins at once, where 3 sessions may live, 3 stay"() {
      const store = distant(makeStore());
      if (!("count" in store)) return "this store knows no limits";
      const sessions = createSessions({ store, limit: { perSubject: 3, whenFull: "end-oldest" }, deadline: "20s" });
      await Promise.all(Array.from({ length: 10 }, () => sessions.create({ subject: "alice" })));
      const live = [];
      for await (const { id } of sessions.list({ subject: "alice" })) live.push(id);
      same(live.length, 3);
      return undefined;
    },

    ...sealedPromises(makeStore),
  };
}
