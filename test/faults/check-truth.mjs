// The truth is what loading each record gives. These look at it: while changes go on, and after them.
import { everyRecord } from "./every-record.mjs";
import { judge } from "./promises.mjs";
import { newId } from "./chance.mjs";
import { dawn } from "./workload.mjs";

/** @typedef {import("sojourn").Store} Store */
/** @typedef {import("sojourn").SessionRecord} SessionRecord */
/** @typedef {import("./types.ts").Findings} Findings */
/** @typedef {import("./types.ts").Names} Names */

/**
 * Reads everything twice. A record that has the same version in both was as it is all along: between the two readings there was a moment at which
 * all of these were true together.
 * @param {Findings} findings @param {Store} store @param {Names} names
 */
export async function checkMoment(findings, store, names) {
  const first = new Map((await everyRecord(store, { kind: names.kind })).map((record) => [record.id, record.version]));
  const second = await everyRecord(store, { kind: names.kind });
  checkHolders(
    findings,
    second.filter(({ id, version }) => first.get(id) === version),
    names,
  );
}

/** @param {Findings} findings @param {readonly SessionRecord[]} records that were there at one moment @param {Names} names */
function checkHolders(findings, records, { aliases, subjects, subjectLimit, kindLimit, kind }) {
  const live = records.filter(({ ended }) => ended === undefined);
  for (const alias of aliases) {
    const holders = live.filter((record) => record.aliases.includes(alias));
    judge(findings, "aliases", holders.length <= 1, () => `alias ${alias}: in the truth ${holders.map(({ id }) => id).join(" and ")} hold it`);
  }
  for (const subject of subjects) {
    const { length } = live.filter((record) => record.subject === subject);
    judge(findings, "limits", length <= subjectLimit, () => `subject ${subject}: in the truth ${length} are live, ${subjectLimit} may be`);
  }
  judge(findings, "limits", live.length <= kindLimit, () => `kind ${kind}: in the truth ${live.length} are live, ${kindLimit} may be`);
}

/**
 * When all is quiet: every index is asked for everything and compared with the truth.
 * @param {Findings} findings @param {Store} store @param {Names} names @param {readonly SessionRecord[]} truth
 */
export async function checkIndexes(findings, store, names, truth) {
  checkHolders(findings, truth, names);
  const live = truth.filter(({ ended }) => ended === undefined);
  /** @param {import("sojourn").Query} query @param {readonly SessionRecord[]} meant @param {import("sojourn").Page} [page] */
  const compare = async (query, meant, page) => {
    const found = (await everyRecord(store, query, page)).filter(({ kind }) => kind === names.kind);
    const [is, should] = [found, meant].map((records) =>
      records
        .map(({ id }) => id)
        .toSorted((x, y) => (x < y ? -1 : 1))
        .join(" "),
    );
    judge(findings, "indexes", is === should, () => `${JSON.stringify(query)} gives ${is || "nothing"}; the truth has ${should || "nothing"}`);
  };
  for (const alias of names.aliases)
    await compare(
      { alias },
      live.filter(({ aliases }) => aliases.includes(alias)),
    );
  for (const subject of names.subjects)
    await compare(
      { subject },
      live.filter((record) => record.subject === subject),
    );
  await compare({ kind: names.kind }, truth, { limit: 7 });
  for (const before of [dawn, dawn + 300, dawn + 1000]) {
    await compare(
      { wakeBefore: before },
      truth.filter(({ wake }) => wake !== undefined && wake <= before),
      { limit: truth.length + 1000 },
    );
  }
  const { count } = /** @type {Partial<import("sojourn").CountableStore>} */ (store);
  if (count === undefined) return;
  const counted = await count({ kind: names.kind });
  judge(findings, "indexes", counted === live.length, () => `${counted} are counted; the truth has ${live.length} live`);
}

/**
 * When all is quiet: takes every place that is free, and tries every one that is held. Fills the store; nothing is as it was afterwards.
 * @param {Findings} findings @param {Store} store @param {Names} names @param {readonly SessionRecord[]} truth
 */
export async function checkPlaces(findings, store, names, truth) {
  const { kind, aliases, subjects, subjectLimit } = names;
  const live = truth.filter(({ ended }) => ended === undefined);
  /** @param {string} what @param {string} meant @param {Partial<import("sojourn").Change>} change */
  const attempt = async (what, meant, change) => {
    const outcome = await store.commit({ id: newId(), expect: "absent", kind, ...change });
    const word = outcome.ok ? "ok" : outcome.why;
    judge(findings, "places", word === meant, () => `${what}: the answer was ${word}, not ${meant}`);
  };
  let there = live.length;
  for (const alias of aliases) {
    const held = live.some((record) => record.aliases.includes(alias));
    await attempt(`alias ${alias}`, held ? "taken" : "ok", { claim: [alias] });
    if (!held) there += 1;
  }
  for (const subject of subjects) {
    const { length } = live.filter((record) => record.subject === subject);
    for (let place = length; place < subjectLimit; place++, there++) await attempt(`place ${place + 1} of subject ${subject}`, "ok", { subject, subjectLimit });
    await attempt(`a place too many of subject ${subject}`, "full", { subject, subjectLimit });
  }
  // The others were made without regard to the kind's limit.
  await attempt(`the last place of kind ${kind}`, "ok", { kindLimit: there + 1 });
  await attempt(`a place too many of kind ${kind}`, "full", { kindLimit: there + 1 });
}
