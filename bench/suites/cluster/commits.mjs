// Commits of fields beside bare writes, in one process: `node commits.mjs <contender> <url> <rounds> <slot, ms> [<profile>]`, started by measure.mjs. Sends
// what it found; with the name of a file only ours is run, and a profile of it goes there.
import { profiled } from "../../lib/profiled.mjs";
import { ioredis, nodeRedis, pgPool } from "./clients.mjs";
import { copyOf, fill, modelIn } from "./model.mjs";
import { ownCore, pin } from "./pin.mjs";
import { roundsOf } from "./rounds.mjs";
import { slotOf } from "./under-way.mjs";

/**
 * A bare write: of a session, a text.
 * @typedef {(id: string, text: string) => Promise<unknown>} Bare
 *
 * @typedef {object} Contender
 * @property {import("sojourn").Store} store
 * @property {Bare} bare what ours is compared with.
 * @property {Readonly<Record<string, Bare>>} [others] told beside it.
 * @property {(ids: readonly string[], model: import("sojourn").SessionRecord) => Promise<unknown>} [prepare]
 * @property {() => unknown} close
 */

/** ms that a manager gives a commit, as shipped. */
const patience = 2_000;
const sessions = 1_000;

/** Of how many connections, the name says. @type {Record<string, (url: string) => Promise<Contender>>} */
const contenders = {
  async "node-redis"(url) {
    const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
    const client = await nodeRedis(url);
    // The key is as long as the session's.
    return { store: redisStore(fromNodeRedis(client)), bare: (id, text) => client.set(`bare:01:s:${id}`, text), close: () => client.destroy() };
  },
  async ioredis(url) {
    const { fromIoredis, redisStore } = await import("sojourn/stores/redis");
    const client = await ioredis(url);
    return { store: redisStore(fromIoredis(client)), bare: (id, text) => client.set(`bare:01:s:${id}`, text), close: () => client.disconnect() };
  },
  "pg, 8 connections": (url) => postgres(url, 8),
  "pg, 16 connections": (url) => postgres(url, 16),
};

/**
 * @param {string} url
 * @param {number} connections
 * @returns {Promise<Contender>}
 */
async function postgres(url, connections) {
  const { fromPg, postgresStore } = await import("sojourn/stores/postgres");
  const pool = await pgPool(url, connections);
  const merge = { name: "bare", text: "update bare set record = record || $2::jsonb where id = $1" };
  const assign = { name: "column", text: "update bare set views = $2 where id = $1" };
  return {
    store: postgresStore(fromPg(pool)),
    bare: (id, text) => pool.query({ ...merge, values: [id, JSON.stringify({ views: text })] }),
    others: { "UPDATE of a text column": (id, text) => pool.query({ ...assign, values: [id, text] }) },
    // A row as large, of which a new one finds room on the page as well.
    async prepare(ids, { fields }) {
      await pool.query('drop table if exists bare; create table bare (id text collate "C" primary key, views text, record jsonb) with (fillfactor = 70)');
      await pool.query({ text: "insert into bare select id, '0', $2 from unnest($1::text[]) id", values: [ids, JSON.stringify(fields)] });
    },
    close: () => pool.end(),
  };
}

const [, , name = "", url = "", asked = "", slotLength = "", profile] = process.argv;
pin(process.pid, ownCore);
const milliseconds = Number(slotLength);
const contender = await contenders[name]?.(url);
if (contender === undefined) throw new Error(`There is no contender ${JSON.stringify(name)}.`);
const { store, bare, others = {}, prepare, close } = contender;
const model = await modelIn(store);
const ids = await fill(store, sessions, (client) => copyOf(model, client));
await prepare?.(ids, model);

/** Each of the next session, and another value each time. @param {number} n */
const idOf = (n) => /** @type {import("sojourn").SessionId} */ (ids[n % sessions]);
const textOf = (/** @type {number} */ n) => String(1_000_000 + n);
/** @param {number} n @param {import("sojourn").CallOptions} [options] */
async function commit(n, options) {
  const outcome = await store.commit({ id: idOf(n), expect: "live", set: { views: textOf(n) } }, options);
  if (!outcome.ok) throw new Error(`${name}: a commit was refused: ${outcome.why}.`);
}

/** Ours as a manager calls it, and as whoever has no deadline. */
const cells = {
  commit: () => slotOf((n) => commit(n, { deadline: Date.now() + patience }), milliseconds),
  "commit without a deadline": () => slotOf((n) => commit(n), milliseconds),
};
const slotOfBare = (/** @type {Bare} */ write) => () => slotOf((n) => write(idOf(n), textOf(n)), milliseconds);
const base = slotOfBare(bare);
const besides = Object.fromEntries(Object.entries(others).map(([what, write]) => [what, slotOfBare(write)]));

if (profile === undefined) {
  for (const slot of [...Object.values(cells), ...Object.values(besides), base]) {
    await slot();
    await slot();
  }
  const found = await roundsOf({ ...cells, ...besides }, base, Number(asked));
  const version = (await store.load(idOf(0)))?.version ?? 0;
  if (!(version > 2)) throw new Error(`${name}: after the load the first session is at version ${version}.`);
  process.send?.({ found });
} else {
  await cells.commit();
  process.send?.({ found: await profiled(profile)(async () => (await cells.commit()).cpu) });
}
await store.close();
await close();
process.disconnect?.();
