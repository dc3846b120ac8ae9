import { keyring, newKey, sealedSessions, type SealedSessions } from "sojourn/sealed";
import { memoryStore } from "sojourn/stores/memory";
import type { Check, SealedMechanism } from "./mechanism.ts";

const minute = 60_000;

/** What sealed sessions do whatever the settings are. sojournd gives out none; applications that use the library do. */
export const sealedChecks: Readonly<Record<SealedMechanism, Check>> = {
  "a sealed token is opened only as it was sealed": async () => {
    const { sessions } = trial();
    const { token = "" } = await sessions.create({ subject: "ada" });
    for (let i = 0; i < token.length; i += 3) {
      const other = token[i] === "A" ? "B" : "A";
      if ((await sessions.resume(token.slice(0, i) + other + token.slice(i + 1))) !== undefined) return false;
    }
    return (await sessions.resume(token))?.subject === "ada";
  },
  "no token names its own algorithm or key": async () => {
    const { sessions } = trial();
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = part({ sub: "ada", exp: 9_999_999_999 });
    for (const header of [{ alg: "none" }, { alg: "HS256" }, { alg: "dir", enc: "A256GCM", jwk: {} }, { alg: "RS256", jku: "http://127.0.0.1:1/" }])
      for (const text of [`${part(header)}.${claims}.`, `${part(header)}.${claims}.x`, `${part(header)}..x.${claims}.x`])
        if ((await sessions.resume(text)) !== undefined) return false;
    return true;
  },
  "a sealed token is over when its time is": async () => {
    const { sessions, pass } = trial();
    const { token = "" } = await sessions.create();
    const before = await sessions.resume(token);
    pass(11 * minute);
    return before !== undefined && (await sessions.resume(token)) === undefined;
  },
  "a sealed token is good in one place, tenant and kind": async () => {
    const keys = [newKey()];
    const { sessions } = trial(keys);
    const { token = "" } = await sessions.create({ subject: "ada" });
    if ((await sessions.resume(token, { place: "other" })) !== undefined) return false;
    for (const other of [{ tenant: "two" }, { kind: "other" }]) if ((await sealedSessions({ keys, ...other }).resume(token)) !== undefined) return false;
    return (await sessions.resume(token)) !== undefined;
  },
  "keys are replaced while tokens live": async () => {
    const [first, second] = [newKey(), newKey()];
    const { sessions } = trial([first]);
    const { token = "" } = await sessions.create();
    sessions.keys.replace([second, first]);
    if ((await sessions.resume(token)) === undefined) return false;
    sessions.keys.replace([second]);
    return (await sessions.resume(token)) === undefined;
  },
  "a password is no key": async () => {
    try {
      keyring(["correct horse battery staple"]);
      return false;
    } catch {
      return true;
    }
  },
  "no token is sealed twice alike": async () => {
    const { sessions } = trial();
    const tokens = await Promise.all(Array.from({ length: 64 }, async () => (await sessions.create({ subject: "ada" })).token));
    return new Set(tokens.map((token) => token?.slice(0, 60))).size === 64;
  },
  "an ended sealed session is over everywhere": async () => {
    const [keys, revocations] = [[newKey()], memoryStore()];
    const [here, there] = [sealedSessions({ keys, revocations }), sealedSessions({ keys, revocations })];
    try {
      const { token = "", id = "" } = await here.create({ subject: "ada" });
      const before = await there.resume(token);
      await here.end({ id });
      return before !== undefined && (await there.resume(token)) === undefined && (await here.resume(token)) === undefined;
    } finally {
      await Promise.all([here.close(), there.close()]);
    }
  },
};

function trial(keys: readonly string[] = [newKey()]): { readonly sessions: SealedSessions<Record<string, unknown>>; pass(ms: number): void } {
  let now = Date.UTC(2026, 0, 1);
  return { sessions: sealedSessions({ keys, clock: { now: () => now }, idle: 10 * minute, absolute: 60 * minute }), pass: (ms) => void (now += ms) };
}
