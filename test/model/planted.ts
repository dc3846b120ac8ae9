import { createSessions, type Change, type Outcome, type Sessions, type Store } from "sojourn";
import type { Make } from "./world.ts";

type Manager = Sessions<Record<string, number>>;

/** A fault that a manager or a store might have, put around a sound one. */
export interface Planted {
  readonly store?: (store: Store) => Store;
  readonly make?: Make;
}

const changing = (store: Store, change: (given: Change) => Change | undefined): Store => ({
  ...store,
  commit(given, options) {
    const next = change(given);
    return next === undefined ? { ok: true, version: 1 } : store.commit(next, options);
  },
});
const around =
  (change: (sessions: Manager) => Partial<Manager>): Make =>
  (options) => {
    const sessions = createSessions<Record<string, number>>(options);
    return { ...sessions, ...change(sessions) };
  };

/** By the promise that each of them breaks. */
export const planted: Readonly<Record<string, Planted>> = {
  "no lost update: a compare-and-set does not compare": {
    store: (store) =>
      changing(store, (given) =>
        typeof given.expect === "number" && given.ended === undefined && given.erase === undefined ? { ...given, expect: "live" } : given,
      ),
  },
  "two clocks: nothing is ever touched": {
    store: (store) => changing(store, (given) => (given.expect === "live" && given.set?.["$seen"] !== undefined ? { ...given, set: {} } : given)),
  },
  "two clocks: a touch records when it is written, so a slow request revives": {
    make: around((sessions) => ({ visit: ({ began: _, ...visit }) => sessions.visit(visit) })),
  },
  "two clocks: a log-in adds its lifetime to the one before": {
    store: (store) =>
      changing(store, (given) => {
        const life = given.set?.["$life"];
        if (given.expect === "absent" || life === undefined) return given;
        const { lifetime, ...rest } = JSON.parse(life) as { lifetime: number; absolute: number };
        return { ...given, set: { ...given.set, $life: JSON.stringify({ ...rest, lifetime, absolute: rest.absolute + lifetime }) } };
      }),
  },
  "mass endings: a floor is forgotten": {
    store: (store) => ({ ...store, load: (id, options) => (id.startsWith("floor:") ? undefined : store.load(id, options)) }),
  },
  "mass endings: the one to be spared is ended too": {
    make: around((sessions) => ({ endAll: (target, ...rest) => sessions.endAll("everyone" in target ? target : { subject: target.subject }, ...rest) })),
  },
  "somebody else's id is ended all the same": {
    make: around((sessions) => ({ end: ({ id }, ...rest) => sessions.end({ id }, ...rest) })),
  },
  "limits: the store does not count": {
    store: (store) => changing(store, ({ subjectLimit: _, kindLimit: __, ...given }) => given),
  },
  "rotation: that the successor was seen is never written down": {
    store: (store) =>
      changing(store, (given) =>
        typeof given.expect === "number" && Object.keys(given.set ?? {}).join() === "$secret" && !given.set!["$secret"]!.includes('"seen":1')
          ? undefined
          : given,
      ),
  },
  "a late answer: every answer hands the token back": {
    make: around((sessions) => ({
      settle: async (session) => {
        const back = await sessions.settle(session);
        return back ?? (session.token === undefined ? undefined : { token: session.token });
      },
      async visit(visit) {
        const session = await sessions.visit(visit);
        if (session.exists) Object.defineProperty(session, "token", { value: visit.token });
        return session;
      },
    })),
  },
  "endings: the reason is lost": {
    store: (store) =>
      changing(store, (given) =>
        given.ended === undefined ? given : { ...given, ended: JSON.stringify({ ...(JSON.parse(given.ended) as object), reason: "closed" }) },
      ),
  },
  "aliases: one that is released is not free": {
    store: (store) => changing(store, ({ release: _, ...given }) => given),
  },
  "aliases: a session that ends keeps its names": {
    store: (store) => {
      const held = new Map<string, string>();
      return {
        ...store,
        commit(change, options) {
          const other = change.claim?.find((alias) => held.has(alias) && held.get(alias) !== change.id);
          if (other !== undefined) return { ok: false, why: "taken", alias: other };
          for (const alias of change.claim ?? []) held.set(alias, change.id);
          return store.commit(change, options);
        },
      };
    },
  },
  "leases: the store does not look at fences": {
    store: (store) => changing(store, ({ fence: _, ...given }) => given),
  },
  "checkpoints: what has come since stays when one is restored": {
    store: (store) =>
      changing(store, ({ unset, ...given }) =>
        typeof given.expect === "number" && given.set?.["$secret"] === undefined ? given : { ...given, ...(unset && { unset }) },
      ),
  },
  "the sweep erases what is still to be retained": {
    store: (store) => changing(store, (given) => (given.ended === undefined || given.wake === undefined ? given : { ...given, wake: given.wake! - 1 })),
  },
  "ended is final: that a write was refused is not heard": {
    store: (store) => ({
      ...store,
      commit(change, options) {
        const outcome = store.commit(change, options);
        const heard = (given: Outcome): Outcome => (!given.ok && given.why === "ended" ? { ok: true, version: 1_000 } : given);
        return outcome instanceof Promise ? outcome.then(heard) : heard(outcome);
      },
    }),
  },
};
