import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { SojournError, type Outcome, type SessionId, type SessionRecord, type Store } from "sojourn";
import { Problem } from "./problem.ts";

/** A request that may come again. */
export interface Repeatable {
  /** Of whoever asks. */
  readonly caller: string;
  /** The application key as it was presented. Without one nothing can be kept sealed. */
  readonly secret: string | undefined;
  readonly operation: string;
  /** The `Idempotency-Key` field. */
  readonly key: string;
  /** What is asked, checked. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer, and whether it is that of an earlier request. */
export interface Repeated {
  readonly answer: unknown;
  readonly replayed: boolean;
}

/** Requests that are done once however often they are sent (draft-ietf-httpapi-idempotency-key-header). */
export interface Repeats {
  /**
   * Does it, or gives the answer of the time when it was done. What fails is not kept: it may be sent again.
   * @throws {Problem} 400, or 409 `idempotency_conflict` while it is being done, and when the key was used for another request
   */
  once(request: Repeatable, make: () => Promise<unknown>): Promise<Repeated>;
}

/** The sweep erases records of such a kind at their wake. */
const kind = "server:$repeat";
const keptFor = 24 * 3_600_000;
/** ms after which a reservation whose answer never came is void: its server has died. No request takes so long. */
const reservedFor = 30_000;

/**
 * Finished answers rest in the store, sealed (AES-256-GCM) under a key that is derived (HKDF-SHA256, RFC 5869) from the application key and the idempotency key: neither
 * rests anywhere, so what rests cannot be opened with what the store has.
 * @param clock epoch ms
 */
export function repeatsOf(store: Store, clock: () => number = Date.now): Repeats {
  /** The version under which this request is reserved, or the answer of the one before it. */
  async function reserve(seal: Seal, print: string): Promise<number | { readonly kept: string }> {
    const set = { print, at: String(clock()) };
    const made = await store.commit({ id: seal.id, expect: "absent", kind, wake: clock() + keptFor, set });
    if (made.ok) return made.version;
    if (made.why !== "exists") throw refusal(made);
    const record = await store.load(seal.id);
    if (record === undefined || record.kind !== kind) throw underWay();
    if (!same(record.fields["print"] ?? "", print)) throw new Problem(409, "idempotency_conflict", usedElsewhere, { field: "Idempotency-Key" });
    const kept = record.fields["answer"];
    if (kept !== undefined) return { kept };
    return takeOver(record, set);
  }

  async function takeOver({ id, version, fields }: SessionRecord, set: Readonly<Record<string, string>>): Promise<number> {
    if (clock() < Number(fields["at"]) + reservedFor) throw underWay();
    const taken = await store.commit({ id, expect: version, set, wake: clock() + keptFor });
    if (taken.ok) return taken.version;
    if (taken.why === "full") throw refusal(taken);
    throw underWay();
  }

  return {
    async once({ caller, secret, operation, key, body }, make) {
      checkKey(key);
      if (secret === undefined) throw new Problem(400, "invalid_request", "Idempotency-Key is for requests with an application key. Leave it out.", ofHeader);
      const seal = sealOf(caller, secret, operation, key);
      const reserved = await reserve(seal, seal.print(JSON.stringify(body)));
      if (typeof reserved === "object") return { answer: unpacked(seal.open(reserved.kept), body), replayed: true };
      let answer: unknown;
      try {
        answer = await make();
      } catch (error) {
        // Whether it was done is not known: then it must not be done again at once.
        if (!(error instanceof SojournError) || error.code !== "outcome_unknown")
          await quietly(() => store.commit({ id: seal.id, expect: reserved, erase: true }));
        throw error;
      }
      // It has been done: whoever asked has a right to the answer, kept or not.
      await quietly(() => store.commit({ id: seal.id, expect: reserved, set: { answer: seal.close(packed(answer, body)) } }));
      return { answer, replayed: false };
    },
  };
}

interface Seal {
  readonly id: SessionId;
  /** A keyed hash: bodies have few secrets in them, but they can be guessed. */
  print(text: string): string;
  close(text: string): string;
  /** @throws {Problem} 409 when it was closed under another key */
  open(sealed: string): string;
}

function sealOf(caller: string, secret: string, operation: string, key: string): Seal {
  const name = createHash("sha256")
    .update(JSON.stringify([caller, operation, key]))
    .digest("base64url");
  const id = `repeat:${name}` as SessionId;
  const keys = Buffer.from(hkdfSync("sha256", secret, key, `sojournd ${id}`, 64));
  const sealing = keys.subarray(0, 32);
  return {
    id,
    print: (text) => createHmac("sha256", keys.subarray(32)).update(text).digest("base64url"),
    close(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce).setAAD(Buffer.from(id));
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64url");
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, "base64url");
      try {
        const decipher = createDecipheriv("aes-256-gcm", sealing, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(Buffer.from(id));
        decipher.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw new Problem(409, "idempotency_conflict", usedElsewhere, { field: "Idempotency-Key", cause });
      }
    },
  };
}

/** Without what the request itself says: a repetition brings that along, and it may be large. */
function packed(answer: unknown, body: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(answer as Readonly<Record<string, unknown>>).filter(([, value]) => value !== undefined);
  const parts: readonly (readonly unknown[])[] = given.map(([name, value]) =>
    Object.hasOwn(body, name) && isDeepStrictEqual(value, body[name]) ? [name] : [name, value],
  );
  return JSON.stringify(parts);
}

function unpacked(text: string, body: Readonly<Record<string, unknown>>): unknown {
  const parts = JSON.parse(text) as readonly (readonly [name: string, value?: unknown])[];
  return Object.fromEntries(parts.map((part) => [part[0], part.length === 1 ? body[part[0]] : part[1]]));
}

const ofHeader = { field: "Idempotency-Key" };
const usedElsewhere =
  "This Idempotency-Key was used for another request within the last day. Take a fresh one, such as a UUID, for each request that is not a repetition.";

function checkKey(key: string): void {
  if (/^[\x21-\x7e]{16,200}$/.test(key)) return;
  throw new Problem(400, "invalid_request", "Idempotency-Key must be 16 to 200 visible ASCII characters, such as a UUID.", ofHeader);
}

function underWay(): Problem {
  return new Problem(409, "idempotency_conflict", "The same request is being done at this moment. Send it again in 1 s to get its answer.", {
    headers: { "Retry-After": "1" },
  });
}

function refusal(outcome: Outcome): SojournError {
  const full = !outcome.ok && outcome.why === "full";
  return full
    ? new SojournError("store_full", "The session store is full: the request was not done.")
    : new SojournError("store_unavailable", "The session store refused to note the request. It was not done.");
}

/** What it would change is only what a repetition finds. */
async function quietly(commit: () => unknown): Promise<void> {
  try {
    await commit();
  } catch {
    // The reservation is void after a while.
  }
}

function same(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
