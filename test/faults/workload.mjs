// What the processes of a round do: random changes to sessions that they share, each logged before it is sent and when it is answered.
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { chance, newId } from "./chance.mjs";
import { everyRecord } from "./every-record.mjs";
import { now } from "./log.mjs";

/** @typedef {import("sojourn").Change} Change */
/** @typedef {import("sojourn").Query} Query */
/** @typedef {import("sojourn").SessionId} SessionId */
/** @typedef {import("sojourn").SessionRecord} SessionRecord */

/** Wakes are only compared: small numbers about a moment that no clock has to reach. */
export const dawn = 1_000_000_000_000;
const soon = dawn + 300;
/** Ms after which every fifth change is given up: shorter than many a stop. */
const patience = 60;

/**
 * @typedef {object} Work
 * @property {import("sojourn").Store} store
 * @property {import("./types.ts").Names} names
 * @property {number} seed
 * @property {number} slot which of the processes it is
 * @property {number} incarnation how often that one has been started before
 * @property {number} loops how many do this side by side
 * @property {boolean} [hasty] whether a change with a deadline is given up when that has passed, as a manager does; what becomes of it, nobody hears
 * @property {(line: import("./types.ts").Line) => void} log
 * @property {(done: number) => boolean} goesOn asked by each loop before each step
 */

/** @param {Work} work */
export async function workload({ store, names, seed, slot, incarnation, loops, hasty = false, log, goesOn }) {
  const writer = `${slot}.${incarnation}`;
  let sent = 0;
  /** Sessions that this process knows of, and ones that it knows to have ended. @type {SessionId[]} */
  let known = [];
  /** @type {SessionId[]} */
  const gone = [];
  /** Leases that it has held, old ones too: their holder does not know that they are. @type {{ id: SessionId, epoch: number }[]} */
  const leases = [];
  /** @type {import("sojourn").Cursor | undefined} */
  let after;

  /** @param {Change} change */
  async function commit(change) {
    const n = (sent += 1);
    const options = n % 5 === 0 ? { deadline: Date.now() + patience } : {};
    log({ what: "write", n, began: now(), change, ...options });
    try {
      const answer = Promise.resolve(store.commit(change, options));
      answer.catch(() => undefined);
      const outcome = await (hasty && "deadline" in options ? Promise.race([answer, sleep(patience)]) : answer);
      if (outcome === undefined) return undefined;
      const ended = now();
      const { record: _, ...told } = /** @type {{ record?: unknown } & import("sojourn").Outcome} */ (outcome);
      log({ what: "answer", n, ended, outcome: /** @type {import("sojourn").Outcome} */ (told) });
      if (!outcome.ok && (outcome.why === "ended" || outcome.why === "missing")) forget(change.id);
      return outcome;
    } catch (error) {
      const { code } = /** @type {Partial<import("sojourn").SojournError>} */ (error);
      log({ what: "answer", n, ended: now(), error: String(error), ...(code !== undefined && { code }) });
      return undefined;
    }
  }

  /** @param {SessionId} id */
  async function load(id) {
    const began = now();
    const record = await store.load(id);
    log({ what: "load", began, ended: now(), id, record });
    return record;
  }

  /** @param {Query} query @param {import("sojourn").Page} [page] */
  async function find(query, page) {
    const began = now();
    const found = await store.find(query, page);
    // Other rounds may share the store.
    const records = found.records.filter((record) => record.kind === names.kind);
    log({ what: "find", began, ended: now(), query, records });
    return { ...found, records };
  }

  /** @param {SessionId} id */
  function forget(id) {
    if (!known.includes(id)) return;
    known = known.filter((other) => other !== id);
    gone.push(id);
    // Late changes to them are what revives sessions elsewhere.
    if (gone.length > 12) gone.shift();
  }

  /** @param {number} loop */
  async function run(loop) {
    const random = chance(seed, slot, incarnation, loop);
    const mine = `${slot}.${loop}`;
    let count = 0;
    /** @template T @param {readonly T[]} of @returns {T | undefined} */
    const one = (of) => of[random(of.length)];
    const anAlias = () => String(one(names.aliases));
    const aSubject = () => String(one(names.subjects));
    const target = () => one(random(6) === 0 && gone.length > 0 ? gone : known);
    /** Two fields that only this loop writes, always to the same, ever growing number. */
    const pair = () => {
      const text = String(incarnation * 1_000_000 + (count += 1));
      return { [`w${mine}`]: text, [`t${mine}`]: text };
    };

    async function create() {
      const id = newId();
      /** @type {Change} */
      const change = {
        id,
        expect: "absent",
        kind: names.kind,
        kindLimit: names.kindLimit,
        wake: dawn + random(1000),
        set: pair(),
        ...(random(3) > 0 && { subject: aSubject(), subjectLimit: names.subjectLimit }),
        ...(random(3) === 0 && { claim: [anAlias()] }),
      };
      const outcome = await commit(change);
      if (outcome?.ok) known.push(id);
      else if (outcome?.why === "full") await makeRoom(outcome.of, change.subject);
    }

    /** A log-in that finds no place ends another session, as a limit with "end-oldest" does. @param {string} of @param {string | null} [subject] */
    async function makeRoom(of, subject) {
      const { records } = await find(of === "subject" ? { subject: String(subject) } : { kind: names.kind }, { limit: 10 });
      const other = records.find((record) => record.ended === undefined);
      if (other !== undefined) await end(other.id);
    }

    /** @param {SessionId} id */
    async function end(id) {
      const outcome = await commit({ id, expect: "live", ended: JSON.stringify({ at: sent, reason: "closed", by: writer }), wake: dawn });
      if (outcome?.ok) forget(id);
      // Whoever ended it and looks at once must see it.
      if (outcome?.ok && random(2) === 0) await load(id);
    }

    /** Reads, lets others have their turn, and writes what follows from what was read. @param {SessionId} id @param {(record: SessionRecord) => Partial<Change>} next */
    async function compareAndSet(id, next) {
      const record = await load(id);
      if (record === undefined || record.ended !== undefined) return undefined;
      if (random(2) === 0) await turn();
      const change = next(record);
      return { change, outcome: await commit({ id, expect: record.version, ...change }) };
    }

    /** @type {readonly (readonly [weight: number, act: (id: SessionId) => Promise<unknown>])[]} */
    const acts = [
      [8, create],
      [16, (id) => commit({ id, expect: "live", set: pair() })],
      [4, (id) => commit({ id, expect: "live", ...(random(2) ? { set: { [`u${mine}`]: String((count += 1)) } } : { unset: [`u${mine}`] }) })],
      [12, (id) => compareAndSet(id, ({ fields }) => ({ set: { count: String(Number(fields["count"] ?? 0) + 1) } }))],
      [8, (id) => commit({ id, expect: "live", claim: [anAlias()], ...(random(3) === 0 && { release: names.aliases.slice(0, 2) }) })],
      [4, (id) => commit({ id, expect: "live", release: [anAlias()] })],
      [6, (id) => commit({ id, expect: "live", subject: aSubject(), subjectLimit: names.subjectLimit })],
      [2, (id) => commit({ id, expect: "live", subject: null })],
      [5, end],
      [4, (id) => commit({ id, expect: "live", wake: dawn + 100 + random(900) })],
      [5, sweep],
      [6, lease],
      [10, fenced],
      [10, load],
      [4, look],
      [4, () => find({ alias: anAlias() })],
      [4, () => find({ subject: aSubject() })],
    ];
    const total = acts.reduce((sum, [weight]) => sum + weight, 0);

    /** Erases what ended and re-arms what lives. */
    async function sweep() {
      const { records } = await find({ wakeBefore: soon }, { limit: 5 });
      if (random(2) === 0) await turn();
      for (const { id, version, ended } of records) {
        await commit(ended === undefined ? { id, expect: version, wake: soon + random(500) } : { id, expect: version, erase: true });
      }
    }

    /** @param {SessionId} id */
    async function lease(id) {
      const taken = await compareAndSet(id, ({ epoch }) => ({ epoch: epoch + 1 }));
      if (taken?.outcome?.ok) leases.push({ id, epoch: Number(taken.change.epoch) });
      if (leases.length > 8) leases.shift();
      if (random(2) === 0) await turn();
      await fenced();
    }

    async function fenced() {
      const held = one(leases);
      if (held !== undefined) await commit({ id: held.id, expect: "live", fence: held.epoch, set: { ...pair(), lease: `${held.epoch}` } });
    }

    async function look() {
      const { records, next } = await find({ kind: names.kind }, { limit: 20, ...(after !== undefined && { after }) });
      after = next;
      for (const { id, ended } of records) if (ended === undefined && !known.includes(id)) known.push(id);
    }

    for (let done = 0; goesOn(done); done++) {
      let left = random(total);
      const [, act] = /** @type {(typeof acts)[number]} */ (acts.find(([weight]) => (left -= weight) < 0));
      const id = target();
      try {
        await (id === undefined ? (random(2) ? create() : look()) : act(id));
      } catch (error) {
        const { code } = /** @type {Partial<import("sojourn").SojournError>} */ (error);
        log({ what: "error", error: String(error), ...(code !== undefined && { code }) });
      }
      // A store that answers at once would never let the others go on.
      if (random(2) === 0) await turn();
    }
  }

  /** Merges into many sessions, many at a time: a store that puts work off has to catch up with it meanwhile. */
  async function runBallast() {
    const ids = (await everyRecord(store, { kind: names.ballast }, { limit: 1000 })).map(({ id }) => id);
    const random = chance(seed, slot, incarnation, loops);
    for (let count = 1; ids.length > 0 && goesOn(0); count++) {
      const text = String(incarnation * 1_000_000 + count);
      const some = Array.from({ length: 32 }, () => ids[random(ids.length)]).filter((id) => id !== undefined);
      await Promise.all(some.map((id) => commit({ id, expect: "live", set: { [`w${slot}`]: text, [`t${slot}`]: text } })));
      await sleep(10);
    }
  }

  await Promise.all([...Array.from({ length: loops }, (_, loop) => run(loop)), runBallast()]);
}

/**
 * Makes the sessions that {@link workload} merges into besides.
 * @param {Pick<Work, "store" | "names" | "log">} work @param {number} count
 */
export async function makeBallast({ store, names, log }, count) {
  for (let n = 0; n < count; n += 256) {
    const some = Array.from({ length: Math.min(256, count - n) }, (_, i) => ({
      n: n + i,
      change: { id: newId(), expect: /** @type {const} */ ("absent"), kind: names.ballast },
    }));
    for (const { n: number, change } of some) log({ what: "write", n: number, began: now(), change });
    await Promise.all(some.map(async ({ n: number, change }) => log({ what: "answer", n: number, outcome: await store.commit(change), ended: now() })));
  }
}
