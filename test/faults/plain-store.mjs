// The shortest store that keeps the contract, with places to break it.
import { setTimeout as sleep } from "node:timers/promises";
import { apply, satisfies } from "sojourn";

/** @typedef {import("sojourn").Change} Change */
/** @typedef {import("sojourn").SessionRecord} SessionRecord */
/** @typedef {import("sojourn").SessionId} SessionId */

/**
 * What a fault does; each breaks one line below. Numbers say how often: every so many times that it could.
 * @typedef {object} PlainFault
 * @property {(change: Change, current: SessionRecord | undefined) => Change} [change] what is judged instead
 * @property {(record: SessionRecord | undefined, change: Change) => import("sojourn").Applied} [judge] instead of apply()
 * @property {(next: SessionRecord, change: Change, current: SessionRecord | undefined) => SessionRecord} [next] what is written instead
 * @property {(change: Change) => boolean} [raced] whether aliases and limits are judged first, and the change is written later
 * @property {number} [loseWrite] acknowledged and not written
 * @property {number} [loseAlias] written and not indexed
 * @property {number} [loseSubject]
 * @property {number} [keepAlias] released and not taken out of the index
 * @property {(record: SessionRecord | undefined) => boolean} [hiddenFor] whether loads do not see what was written in the last milliseconds
 * @property {true} [findLater] a listing loads later what it found in the index, and does not look again
 * @property {number} [throws]
 */

/**
 * @param {PlainFault} [fault] @param {Map<SessionId, SessionRecord>} [records] that are there already
 * @returns {import("sojourn").Store & import("sojourn").CountableStore}
 */
export function plainStore(fault = {}, records = new Map()) {
  /** The record before the last change, and when that was. @type {Map<SessionId, { at: number, record: SessionRecord | undefined }>} */
  const before = new Map();
  /** @type {Map<string, SessionId>} */
  const aliases = new Map();
  /** @type {Map<string, Set<SessionId>>} */
  const subjects = new Map();
  /** @type {Record<string, number>} */
  const times = {};
  /** @param {string} what @param {number | undefined} every */
  const now = (what, every) => every !== undefined && (times[what] = (times[what] ?? 0) + 1) % every === 0;
  /** @param {(record: SessionRecord) => boolean} holds */
  const live = (holds) => [...records.values()].filter((record) => record.ended === undefined && holds(record)).length;
  /** @param {SessionRecord | undefined} record */
  const placeOf = (record) => (record?.ended === undefined ? record?.subject : undefined);

  /** @param {Change} change @returns {import("sojourn").MaybePromise<import("sojourn").Outcome>} */
  function commit(change) {
    if (!fault.raced?.(change)) return write(change, refuse);
    const current = records.get(change.id);
    const applied = apply(current, change);
    const refusal = applied.ok && applied.next ? refuse(applied.next, change, current) : undefined;
    return refusal ?? sleep(2).then(() => write(change, () => undefined));
  }

  /** @param {Change} wanted @param {typeof refuse} refusalOf @returns {import("sojourn").Outcome} */
  function write(wanted, refusalOf) {
    if (now("throw", wanted.set && fault.throws)) throw new Error("the store broke");
    const { id } = wanted;
    const current = records.get(id);
    const change = fault.change?.(wanted, current) ?? wanted;
    const applied = (fault.judge ?? apply)(current, change);
    if (!applied.ok) return applied;
    const next = applied.next && (fault.next?.(applied.next, change, current) ?? applied.next);
    const refusal = next && refusalOf(next, change, current);
    if (refusal !== undefined) return refusal;
    const { version } = next ?? applied;
    if (next !== undefined && current !== undefined && placeOf(next) === placeOf(current) && now("lose", change.set && fault.loseWrite))
      return { ok: true, version };
    index(current, next, id);
    before.set(id, { at: performance.now(), record: current });
    if (next === undefined) records.delete(id);
    else records.set(id, next);
    return { ok: true, version };
  }

  /** @param {SessionRecord} next @param {Change} change @param {SessionRecord | undefined} current @returns {import("sojourn").Outcome | undefined} */
  function refuse(next, change, current) {
    for (const alias of next.aliases) {
      if ((aliases.get(alias) ?? next.id) !== next.id) return { ok: false, why: "taken", alias };
    }
    const place = placeOf(next);
    if (change.subjectLimit !== undefined && place !== undefined && place !== placeOf(current)) {
      if (live(({ subject }) => subject === place) >= change.subjectLimit) return { ok: false, why: "full", of: "subject" };
    }
    if (change.kindLimit !== undefined && current === undefined && live(({ kind }) => kind === next.kind) >= change.kindLimit)
      return { ok: false, why: "full", of: "kind" };
    return undefined;
  }

  /** @param {SessionRecord | undefined} from @param {SessionRecord | undefined} to @param {SessionId} id */
  function index(from, to, id) {
    for (const alias of from?.aliases ?? []) {
      if (to?.aliases.includes(alias) || aliases.get(alias) !== id) continue;
      if (!now("keep", fault.keepAlias)) aliases.delete(alias);
    }
    for (const alias of to?.aliases ?? []) if (!from?.aliases.includes(alias) && !now("alias", fault.loseAlias)) aliases.set(alias, id);
    const [left, joined] = [placeOf(from), placeOf(to)];
    if (left === joined) return;
    if (left !== undefined) subjects.get(left)?.delete(id);
    if (joined !== undefined && !now("subject", fault.loseSubject)) subjects.set(joined, (subjects.get(joined) ?? new Set()).add(id));
  }

  for (const record of records.values()) index(undefined, record, record.id);

  return {
    load(id) {
      const [record, last] = [records.get(id), before.get(id)];
      return last?.record && fault.hiddenFor?.(record) && performance.now() - last.at < 5 ? last.record : record;
    },
    commit,
    async find(query, { after, limit = 100, only } = {}) {
      let ids = [...records.keys()].toSorted();
      if ("alias" in query) ids = [aliases.get(query.alias) ?? []].flat();
      else if ("subject" in query) ids = [...(subjects.get(query.subject) ?? [])].toSorted();
      const found = ids.filter((id) => after === undefined || id > String(after)).flatMap((id) => records.get(id) ?? []);
      let meant = found.filter((record) => satisfies(record, query));
      if (fault.findLater) {
        await sleep(2);
        meant = meant.flatMap(({ id }) => records.get(id) ?? []);
      }
      if ("wakeBefore" in query) meant.sort((x, y) => (x.wake ?? 0) - (y.wake ?? 0));
      const page = meant.slice(0, limit).map((record) => (only === undefined ? record : { ...record, fields: pick(record.fields, only) }));
      const last = "wakeBefore" in query || meant.length <= limit ? undefined : page.at(-1)?.id;
      return { records: page, ...(last !== undefined && { next: /** @type {import("sojourn").Cursor} */ (/** @type {string} */ (last)) }) };
    },
    close() {},
    count: ({ kind }) => live((record) => record.kind === kind),
  };
}

/** @param {SessionRecord["fields"]} fields @param {readonly string[]} only @returns {SessionRecord["fields"]} */
function pick(fields, only) {
  return Object.setPrototypeOf(Object.fromEntries(Object.entries(fields).filter(([name]) => only.includes(name))), null);
}
