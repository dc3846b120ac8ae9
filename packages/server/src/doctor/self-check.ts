import { createSessions, SojournError, type SessionRecord, type Sessions, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import type { Check, Mechanism } from "./mechanism.ts";
import { sealedChecks } from "./sealed-check.ts";
import { webChecks } from "./web-check.ts";

const checks: Readonly<Record<Mechanism, Check>> = {
  "tokens are long and random": async () => {
    const { sessions } = trial();
    const secrets = await Promise.all(Array.from({ length: 64 }, async () => ((await sessions.create()).token ?? "").split(".")[1] ?? ""));
    return new Set(secrets).size === 64 && secrets.every((secret) => /^[\w-]+$/.test(secret) && secret.length * 6 >= 128);
  },
  "stores hold no secret": async () => {
    const { sessions, records } = trial();
    const { token = "" } = await sessions.create({ subject: "ada" });
    const kept = JSON.stringify(await records());
    return token !== "" && kept.length > 2 && !kept.includes(token.split(".")[1] as string);
  },
  "a malformed token asks no store": async () => {
    const { sessions, calls } = trial();
    for (const text of ["", "x", "../../etc/passwd", "\0", "a".repeat(100_000), "' or 1=1", "\r\nSet-Cookie: a=b", "__proto__"])
      if ((await sessions.resume(text)) !== undefined) return false;
    return calls() === 0;
  },
  "an unknown token begins no session": async () => {
    const { sessions } = trial();
    const other = await trial().sessions.create();
    const session = await sessions.visit({ token: other.token });
    return !session.exists && (await sessions.resume(other.token ?? "")) === undefined;
  },
  "a changed token is nobody's": async () => {
    const { sessions } = trial();
    const { token = "" } = await sessions.create();
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === "0" ? "1" : "0";
      if ((await sessions.resume(token.slice(0, i) + other + token.slice(i + 1))) !== undefined) return false;
    }
    return (await sessions.resume(token)) !== undefined;
  },
  "a log-in replaces the token": async () => {
    const { sessions } = trial();
    const before = (await sessions.create({ data: { planted: 1 } })).token ?? "";
    const session = await sessions.resume(before);
    await session?.authenticate("ada");
    const after = session?.token ?? "";
    const found = await sessions.resume(after);
    return after !== before && (await sessions.resume(before)) === undefined && found?.subject === "ada" && found.get("planted") === undefined;
  },
  "secrets rotate, and a replaced one that shows itself ends the session": async () => {
    const { sessions, pass } = trial();
    const { token: first = "" } = await sessions.create({ subject: "ada" });
    pass(2 * minute);
    const offered = await sessions.visit({ token: first, rotates: true });
    const second = (await sessions.settle(offered))?.token ?? "";
    const overlap = (await sessions.resume(first)) !== undefined && (await sessions.resume(second)) !== undefined;
    pass(minute);
    const stolen = await sessions.resume(first);
    return second !== first && overlap && stolen === undefined && (await sessions.resume(second)) === undefined;
  },
  "an ended session stays ended": async () => {
    const { sessions } = trial();
    const begun = await sessions.create({ subject: "ada" });
    const slow = await sessions.resume(begun.token ?? "");
    await sessions.end({ id: begun.id ?? "" });
    slow?.set("late", 1);
    const refused = await slow?.commit().then(
      () => false,
      (error: unknown) => error instanceof SojournError && error.code === "session_ended",
    );
    return refused === true && (await sessions.resume(begun.token ?? "")) === undefined;
  },
  "idle sessions end": async () => {
    const { sessions, pass } = trial();
    const { token = "" } = await sessions.create();
    pass(9 * minute);
    if ((await sessions.resume(token)) === undefined) return false;
    pass(11 * minute);
    return (await sessions.resume(token)) === undefined;
  },
  "activity moves no absolute deadline": async () => {
    const { sessions, pass } = trial();
    const { token = "" } = await sessions.create();
    for (let passed = 0; passed < 59; passed += 5) {
      if ((await sessions.resume(token)) === undefined) return false;
      pass(5 * minute);
    }
    return (await sessions.resume(token)) === undefined;
  },
  "all sessions of a subject can be ended": async () => {
    const { sessions } = trial();
    const tokens = [await sessions.create({ subject: "ada" }), await sessions.create({ subject: "ada" }), await sessions.create({ subject: "bob" })];
    await sessions.endAll({ subject: "ada", except: tokens[0]?.id });
    const left = await Promise.all(tokens.map(async ({ token = "" }) => (await sessions.resume(token)) !== undefined));
    return left.join() === "true,false,true";
  },
  "everybody's sessions can be ended": async () => {
    const { sessions } = trial();
    const { token = "" } = await sessions.create({ subject: "ada" });
    await sessions.endAll({ everyone: true });
    return (await sessions.resume(token)) === undefined;
  },
  "somebody else's session is missing": async () => {
    const { sessions } = trial();
    const { id = "" } = await sessions.create({ subject: "ada" });
    return !(await sessions.end({ id, subject: "bob" })) && (await sessions.info({ id, subject: "bob" })) === undefined;
  },
  "limits hold": async () => {
    const { sessions } = trial();
    for (let i = 0; i < 4; i++) await sessions.create({ subject: "bob" });
    let live = 0;
    for await (const _ of sessions.list({ subject: "bob" })) live += 1;
    return live === 3;
  },
  "a proof of identity ages": async () => {
    const { sessions, pass } = trial();
    const session = await sessions.create({ subject: "ada" });
    const before = session.isFresh("5m");
    pass(6 * minute);
    return before && (await sessions.resume(session.token ?? ""))?.isFresh("5m") === false;
  },
  "values are data alone": async () => {
    const { sessions } = trial();
    const session = await sessions.create();
    for (const value of [JSON.parse('{"__proto__":{"admin":true}}') as object, new Date(0), new Map()]) {
      try {
        session.set("x", value);
        await session.commit();
        return false;
      } catch (error) {
        if (!(error instanceof SojournError)) return false;
      }
    }
    return true;
  },
  "a store that is down logs nobody in or out": async () => {
    const { sessions, breakDown } = trial();
    const { token = "" } = await sessions.create({ subject: "ada" });
    breakDown();
    return sessions.resume(token).then(
      () => false,
      (error: unknown) => error instanceof SojournError && error.code === "store_unavailable",
    );
  },
  ...sealedChecks,
  ...webChecks,
};

/** All of them. */
export const mechanisms: readonly Mechanism[] = Object.keys(checks) as Mechanism[];

/** Tries each on a store in memory, with the code that runs here. What throws does not hold. */
export async function selfCheck(): Promise<Readonly<Record<Mechanism, boolean>>> {
  const held = await Promise.all(mechanisms.map(async (name) => [name, await checks[name]().catch(() => false)] as const));
  return Object.fromEntries(held) as Record<Mechanism, boolean>;
}

const minute = 60_000;

interface Trial {
  readonly sessions: Sessions<Record<string, unknown>>;
  pass(ms: number): void;
  calls(): number;
  breakDown(): void;
  records(): Promise<readonly SessionRecord[]>;
}

/** A manager of its own, with a clock that stands: idle 10 minutes, absolute an hour, three sessions a subject, a new secret every minute. */
function trial(): Trial {
  let now = Date.UTC(2026, 0, 1);
  let calls = 0;
  let down = false;
  const inner = memoryStore();
  const seen = new Set<string>();
  function counted<T>(act: () => T): T {
    calls += 1;
    if (down) throw new Error("down");
    return act();
  }
  const store: Store = {
    load: (id) => counted(() => inner.load(id)),
    commit: (change) => counted(() => (seen.add(change.id), inner.commit(change))),
    find: (query, page) => counted(() => inner.find(query, page)),
    close: () => inner.close(),
  };
  const rotation = { every: "1m", grace: "30s" } as const;
  const limit = { perSubject: 3, whenFull: "end-oldest" } as const;
  return {
    sessions: createSessions({ store, clock: { now: () => now }, idle: 10 * minute, absolute: 60 * minute, limit, rotation, breaker: false }),
    pass: (ms) => void (now += ms),
    calls: () => calls,
    breakDown: () => void (down = true),
    records: async () => (await Promise.all([...seen].map((id) => inner.load(id as SessionRecord["id"])))).filter((record) => record !== undefined),
  };
}
