// What sessions take in an engine: `node bytes.mjs <engine> <place> <sessions>`, started by measure.mjs. Sends what it found.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomBase32 } from "../../lib/random-names.mjs";
import { mysql2Store, natsMember, nodeRedis, nodeRedisStore, pgPool, pgStore } from "./clients.mjs";
import { copyOf, fill, modelIn } from "./model.mjs";

/** Bytes a session, by what they are for. @typedef {Readonly<Record<string, number>>} Bytes */

const [, , engine = "", place = "", number = ""] = process.argv;
const count = Number(number);
/** Commands sent together. */
const together = 500;
const idLength = 26;
/** Of one bucket of Redis's indexes, about: the store's page recommends 20 to 100. */
const sessionsOfBucket = 50;
const shards = 64;

/** @type {Record<string, () => Promise<Bytes>>} */
const engines = {
  "Redis, hash-max-listpack-value 1024": () => redis(1_024),
  "Redis, as installed": () => redis(64),
  PostgreSQL: postgres,
  MariaDB: mariadb,
  NATS: nats,
  file,
};

/**
 * @param {number} listpackValue bytes of the longest field that a hash in its small form may have.
 * @returns {Promise<Bytes>}
 */
async function redis(listpackValue) {
  const client = await nodeRedis(place);
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  await client.sendCommand(["CONFIG", "SET", "hash-max-listpack-value", String(listpackValue)]);

  /** So many keys as long, each set in one way. @param {string} key @param {(key: string) => Promise<unknown>} set */
  async function keys(key, set) {
    await client.flushAll();
    const before = await used();
    const stem = key.slice(0, -idLength);
    for (let made = 0; made < count; made += together) {
      await Promise.all(Array.from({ length: Math.min(together, count - made) }, () => set(stem + randomBase32(idLength))));
    }
    return ((await used()) - before) / count;
  }

  /** Of sessions in a store, and of their hashes alone: the rest is their entries in indexes. @param {Parameters<typeof copyOf>[2]} indexed */
  async function filled(indexed) {
    await client.flushAll();
    const { store, close } = await nodeRedisStore(place, { shards, buckets: Math.max(1, Math.round(count / shards / sessionsOfBucket)) });
    const model = await modelIn(store);
    const before = await used();
    const [first = ""] = await fill(store, count, (owner) => copyOf(model, owner, indexed));
    const all = ((await used()) - before) / count;
    const record = await store.load(/** @type {import("sojourn").SessionId} */ (first));
    if (record === undefined) throw new Error("A session that was begun is not in Redis.");
    const [key = ""] = await client.keys(`sj:*:s:${first}`);
    const pairs = Object.entries(await client.hGetAll(key)).flat();
    await close();
    const hash = await keys(key, (name) => client.sendCommand(["HSET", name, ...pairs]));
    return { all, hash, entries: all - hash, key, text: textOf(record) };
  }

  const kind = await filled({ wake: false, subject: false });
  const due = await filled({ subject: false });
  const whole = await filled({});
  const named = await filled({ alias: true });
  const string = await keys(whole.key, (name) => client.set(name, whole.text));
  await client.flushAll();
  client.destroy();
  return {
    record: whole.hash,
    string,
    kind: kind.entries,
    wake: due.entries - kind.entries,
    subject: whole.entries - due.entries,
    alias: named.entries - whole.entries,
    indexes: whole.entries,
    all: whole.all,
  };
}

/** The same record as one text of JSON, as it would be kept in a string: values are in it as they are, not as texts in a text. @param {import("sojourn").SessionRecord} record */
function textOf({ version, kind, subject, wake, fields }) {
  return JSON.stringify({ version, kind, subject, wake, fields: Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, valueOf(text)])) });
}

/** @param {string} text */
function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @returns {Promise<Bytes>} */
async function postgres() {
  const pool = await pgPool(place, 1);
  const { store, close } = await pgStore(place, { schema: "bytes" });
  const model = await modelIn(store);
  const sizes = async () => {
    await pool.query("vacuum analyze");
    const { rows } = await pool.query(
      "select c.relkind, c.relname, pg_relation_size(c.oid) as bytes, pg_total_relation_size(c.oid) as total from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bytes'",
    );
    const total = (/** @type {string} */ name, /** @type {"bytes" | "total"} */ which) => Number(rows.find(({ relname }) => relname === name)?.[which] ?? 0);
    const all = rows.filter(({ relkind }) => relkind === "r").reduce((sum, { total: each }) => sum + Number(each), 0);
    return {
      record: total("session", "bytes"),
      id: total("session_pkey", "bytes"),
      kind: total("session_kind", "bytes"),
      wake: total("session_wake", "bytes"),
      subject: total("session_subject", "bytes"),
      all,
    };
  };
  const before = await sizes();
  await fill(store, count, (client) => copyOf(model, client));
  const after = await sizes();
  await close();
  await pool.query("drop schema bytes cascade");
  await pool.end();
  return Object.fromEntries(Object.entries(after).map(([name, bytes]) => [name, (bytes - (before[/** @type {keyof typeof before} */ (name)] ?? 0)) / count]));
}

/** Its files, as it has grown them: an index that is not read page by page cannot be told apart. @returns {Promise<Bytes>} */
async function mariadb() {
  const { createConnection } = await import("mysql2/promise");
  const [url = "", root = ""] = place.split(" ");
  const connection = await createConnection({ uri: root });
  const { store, close } = await mysql2Store(url);
  const model = await modelIn(store);
  const size = async () => {
    const [rows] = /** @type {[{ bytes: string }[], unknown]} */ (
      await connection.query("select sum(ALLOCATED_SIZE) as bytes from information_schema.INNODB_SYS_TABLESPACES where NAME like 'sojourn/%'")
    );
    return Number(rows[0]?.bytes);
  };
  const before = await size();
  await fill(store, count, (client) => copyOf(model, client));
  const after = await size();
  await close();
  await connection.end();
  return { all: (after - before) / count };
}

/** In the server, and in the memory of each member, which holds them all. @returns {Promise<Bytes>} */
async function nats() {
  const { store, connection, close } = await natsMember(place, { bucket: "bytes" });
  const { jetstreamManager } = await import("@nats-io/jetstream");
  const manager = await jetstreamManager(connection);
  const model = await modelIn(store);
  const size = async () => (await manager.streams.info("KV_bytes")).state.bytes;
  const before = { stream: await size(), memory: memory() };
  await fill(store, count, (client) => copyOf(model, client));
  await sleep(500);
  const found = { all: ((await size()) - before.stream) / count, member: (memory() - before.memory) / count };
  await close();
  return found;
}

function memory() {
  const collect = /** @type {() => void} */ (globalThis.gc);
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Blocks of the disk, and the texts in them. @returns {Promise<Bytes>} */
async function file() {
  const { fileStore } = await import("sojourn/stores/file");
  const folder = join(place, "bytes");
  const store = fileStore(folder, { durability: "written" });
  const model = await modelIn(store);
  const before = filesIn(folder);
  await fill(store, count, (client) => copyOf(model, client));
  await store.close();
  const after = filesIn(folder);
  return { all: (after.blocks - before.blocks) / count, content: (after.content - before.content) / count, files: (after.files - before.files) / count };
}

/** @param {string} folder */
function filesIn(folder) {
  const found = { blocks: 0, content: 0, files: 0 };
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const { blocks, size } = statSync(join(folder, entry));
    found.blocks += 512 * blocks;
    found.content += size;
    found.files++;
  }
  return found;
}

const found = await engines[engine]?.();
if (found === undefined) throw new Error(`There is no engine ${JSON.stringify(engine)}.`);
process.send?.({ found });
process.disconnect?.();
