import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { roles, type Role } from "@sojourn/client/operations";
import type { Cursor, SessionId, SessionRecord, Store } from "sojourn";

/** What a key is for. */
export interface KeyPurpose {
  readonly name: string;
  /** Default `"app"`. */
  readonly role?: Role;
  /** Whose sessions it sees. Default `"main"`. */
  readonly tenant?: string;
}

/** An application key as an operator sees it: the store has its hash, nobody has the key but who uses it. */
export interface ApplicationKey extends Required<KeyPurpose> {
  /** Says nothing of the key. */
  readonly id: string;
  /** Epoch ms. */
  readonly created: number;
}

/** The keys that applications present. */
export interface Keys {
  /** The key's record, if it is one of ours and has not been revoked. */
  check(key: string): Promise<ApplicationKey | undefined>;
  /** The record of a key by its id, as long as it has not been revoked. */
  find(id: string): Promise<ApplicationKey | undefined>;
  /** Keeps the hash of a key. Adding a key again changes nothing. */
  add(key: string, purpose: KeyPurpose): Promise<ApplicationKey>;
  /** Of a tenant, or of all. */
  list(tenant?: string): Promise<readonly ApplicationKey[]>;
  /** True when there was one, of that tenant if it is given. It is refused from the next request on, by every process. */
  revoke(id: string, tenant?: string): Promise<boolean>;
}

/** A kind that no session manager can have. */
const kind = "server:$key";

/** A fresh application key: 256 random bits. */
export function newKey(): string {
  return `sjk_${randomBytes(32).toString("base64url")}`;
}

/** Whether the text has the shape of a key, with at least so many characters after its prefix. */
export function isKey(text: string, least = 1): boolean {
  return /^sjk_[\w-]{1,200}$/.test(text) && text.length >= least + 4;
}

/**
 * Application keys as records of a session store. A record's id is a part of the key's SHA-256, so that a check is one load by id;
 * the whole hash is then compared in constant time. Keys are random and long: a slow hash would add nothing.
 */
export function keysOf(store: Store): Keys {
  return {
    async check(key) {
      if (!isKey(key)) return undefined;
      const hash = hashOf(key);
      const record = await store.load(idOf(hash), deadline());
      if (record === undefined || record.kind !== kind) return undefined;
      const kept = Uint8Array.from(Buffer.from(record.fields["hash"] ?? "", "base64url"));
      return kept.length === hash.length && timingSafeEqual(kept, hash) ? keyOf(record) : undefined;
    },
    async find(id) {
      const record = await keyRecord(store, id);
      return record === undefined ? undefined : keyOf(record);
    },
    async add(key, { name, role = "app", tenant = "main" }) {
      const hash = hashOf(key);
      const created = Date.now();
      const set = { name, role, tenant, hash: Buffer.from(hash).toString("base64url"), created: String(created) };
      await store.commit({ id: idOf(hash), expect: "absent", kind, set }, deadline());
      return { id: idOf(hash), name, role, tenant, created };
    },
    async list(tenant) {
      const found: ApplicationKey[] = [];
      let after: Cursor | undefined;
      do {
        const page = await store.find({ kind }, { ...deadline(), ...(after === undefined ? undefined : { after }) });
        found.push(...page.records.map(keyOf));
        after = page.next;
      } while (after !== undefined);
      return found.filter((key) => tenant === undefined || key.tenant === tenant).toSorted((a, b) => a.created - b.created);
    },
    async revoke(id, tenant) {
      const record = await keyRecord(store, id);
      if (record === undefined || (tenant !== undefined && keyOf(record).tenant !== tenant)) return false;
      return (await store.commit({ id: record.id, expect: "live", erase: true }, deadline())).ok;
    },
  };
}

async function keyRecord(store: Store, id: string): Promise<SessionRecord | undefined> {
  const record = /^[0-9a-z]{26}$/.test(id) ? await store.load(id as SessionId, deadline()) : undefined;
  return record?.kind === kind ? record : undefined;
}

function hashOf(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}

const base32 = "0123456789abcdefghjkmnpqrstvwxyz";

/** 128 bits of the hash in the shape of a record's id. */
function idOf(hash: Uint8Array): SessionId {
  let bits = 0n;
  for (const byte of hash.subarray(0, 16)) bits = (bits << 8n) | BigInt(byte);
  let id = "";
  for (let i = 0; i < 26; i++, bits >>= 5n) id = base32.charAt(Number(bits & 31n)) + id;
  return id as SessionId;
}

/** A record without a role is of before there were any. */
function keyOf({ id, fields }: SessionRecord): ApplicationKey {
  const role = roles.find((known) => known === (fields["role"] ?? "app"));
  // What a newer release may let a key do is not known here: then the least.
  return { id, name: fields["name"] ?? "", role: role ?? "gateway", tenant: fields["tenant"] ?? "main", created: Number(fields["created"]) };
}

function deadline(): { deadline: number } {
  return { deadline: Date.now() + 2_000 };
}
