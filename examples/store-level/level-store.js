// A store by a third party: sessions in LevelDB, for one process. All that it knows of Sojourn is the Store seam: four verbs, and `apply`, which is the
// meaning of a change.
import { apply, satisfies, SojournError } from "sojourn";

/** LevelDB sorts by bytes: a number is written so that it sorts. */
const sortable = (number) => String(Math.floor(number)).padStart(16, "0");
/** Everything behind a prefix: no key of ours has a character that sorts behind this one. */
const behind = (prefix) => ({ gte: prefix, lt: `${prefix}\uffff` });
const escaped = (text) => encodeURIComponent(text);

/** The index entries of a record: what `find` walks through. The record is the truth; each that is found is looked at again. */
function entriesOf(record) {
  if (record === undefined) return [];
  const { id, kind, subject, wake, aliases, ended } = record;
  const entries = [`kind/${escaped(kind)}/${id}`];
  if (wake !== undefined) entries.push(`wake/${sortable(wake)}/${id}`);
  if (ended !== undefined) return entries;
  entries.push(`live/${escaped(kind)}/${id}`, ...aliases.map((alias) => `alias/${escaped(alias)}/${id}`));
  if (subject !== undefined) entries.push(`subject/${escaped(subject)}/${id}`);
  return entries;
}

/** @param {import("classic-level").ClassicLevel<string, string>} db opened and closed by whoever gives it. */
export function levelStore(db) {
  /** LevelDB has no transactions: reading and writing of one commit must not be interrupted by another. */
  let last = Promise.resolve();
  function inTurn(act) {
    const done = last.then(act);
    last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async function load(id) {
    const text = await db.get(`session/${id}`);
    if (text === undefined) return undefined;
    const record = JSON.parse(text);
    return { ...record, fields: Object.setPrototypeOf(record.fields, null) };
  }

  async function someoneElse(prefix, id, atLeast = 1) {
    let others = 0;
    for await (const key of db.keys(behind(prefix))) if (idIn(key) !== id && ++others >= atLeast) return true;
    return atLeast <= 0;
  }

  async function judged(change) {
    const before = await load(change.id);
    const applied = apply(before, change);
    if (!applied.ok) return applied; // exists, missing, ended, stale, fenced
    const { next, version } = applied;
    if (next !== undefined && next.ended === undefined) {
      const { id, kind, subject, aliases } = next;
      for (const alias of aliases) if (await someoneElse(`alias/${escaped(alias)}/`, id)) return { ok: false, why: "taken", alias };
      const joins = subject !== undefined && subject !== before?.subject;
      if (joins && change.subjectLimit !== undefined && (await someoneElse(`subject/${escaped(subject)}/`, id, change.subjectLimit)))
        return { ok: false, why: "full", of: "subject" };
      if (before === undefined && change.kindLimit !== undefined && (await someoneElse(`live/${escaped(kind)}/`, id, change.kindLimit)))
        return { ok: false, why: "full", of: "kind" };
    }
    const now = new Set(entriesOf(next));
    const gone = entriesOf(before).filter((entry) => !now.has(entry));
    const record =
      next === undefined ? { type: "del", key: `session/${change.id}` } : { type: "put", key: `session/${change.id}`, value: JSON.stringify(next) };
    const entries = [...gone.map((key) => ({ type: "del", key })), ...[...now].map((key) => ({ type: "put", key, value: "" }))];
    await db.batch([record, ...entries], { sync: true }); // all of it or nothing, and on the disk
    return next === undefined ? { ok: true, version } : { ok: true, version, record: next };
  }

  async function find(query, { after, limit = 100, only } = {}) {
    const [[what, value]] = Object.entries(query);
    const range = what === "wakeBefore" ? { gte: "wake/", lt: `wake/${sortable(value + 1)}` } : behind(`${what}/${escaped(value)}/`);
    const records = [];
    let next;
    for await (const key of db.keys(after === undefined ? range : { gt: after, lt: range.lt })) {
      const record = await load(idIn(key));
      if (record === undefined || !satisfies(record, query)) continue;
      if (records.length === limit) break;
      records.push(only === undefined ? record : { ...record, fields: pick(record.fields, only) });
      next = key;
    }
    // What is due has no pages. A last page that happens to be full is followed by an empty one.
    return what === "wakeBefore" || records.length < limit ? { records } : { records, next };
  }

  /** A database that is closed or broken: what the manager takes for an outage. */
  async function speaking(what, act) {
    if (db.status !== "open") throw new SojournError("store_unavailable", `LevelDB is ${db.status}; ${what} did not happen.`);
    return act();
  }

  return {
    load: (id) => speaking("load", () => load(id)),
    commit: (change) => inTurn(() => speaking("commit", () => judged(change))),
    find: (query, page) => speaking("find", () => find(query, page)),
    close: () => last,
  };
}

/** An entry ends with its id, which has no "/". */
function idIn(key) {
  return key.slice(key.lastIndexOf("/") + 1);
}

function pick(fields, only) {
  const picked = Object.create(null);
  for (const name of only) if (Object.hasOwn(fields, name)) picked[name] = fields[name];
  return picked;
}
