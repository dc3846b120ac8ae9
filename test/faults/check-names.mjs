// What must hold between sessions: aliases, limits, and what listings give.
import { satisfies } from "sojourn";
import { certainTimes, ends, losesAlias } from "./lives.mjs";
import { judge } from "./promises.mjs";

/** @typedef {import("./types.ts").Life} Life */
/** @typedef {import("./types.ts").Findings} Findings */
/** @typedef {import("./types.ts").Names} Names */
/** @typedef {{ id: string, from: number, to: number }} Time */

/**
 * @param {Findings} findings @param {import("./types.ts").History} history @param {ReadonlyMap<string, Life>} lives
 * @param {Names} names @param {number} lag
 */
export function checkNames(findings, { reads, looks }, lives, names, lag) {
  for (const { id, record, query, reader } of reads) {
    if (query === undefined || record === undefined) continue;
    judge(findings, "found", satisfies(record, query), () => `${id}: ${reader} was given it by ${JSON.stringify(query)}`);
  }
  const all = [...lives.values()];
  for (const alias of names.aliases) {
    const times = all.flatMap((life) =>
      certainTimes(
        life,
        (change) => change.claim?.includes(alias) === true,
        (change) => losesAlias(change, alias),
      ),
    );
    most(findings, "aliases", `alias ${alias}`, times, 1);
    listed(
      findings,
      looks.filter(({ query }) => "alias" in query && query.alias === alias),
      times,
      lag,
    );
  }
  for (const subject of names.subjects) {
    const times = all.flatMap((life) =>
      certainTimes(
        life,
        (change) => change.subject === subject,
        (change) => ends(change) || (change.subject !== undefined && change.subject !== subject),
      ),
    );
    most(findings, "limits", `subject ${subject}`, times, names.subjectLimit);
    listed(
      findings,
      looks.filter(({ query }) => "subject" in query && query.subject === subject),
      times,
      lag,
    );
  }
  const live = all.flatMap((life) => certainTimes(life, ({ kind }) => kind === names.kind, ends));
  most(findings, "limits", `kind ${names.kind}`, live, names.kindLimit);
}

/** At no moment do more than so many hold it for certain. @param {Findings} findings @param {"aliases" | "limits"} promise @param {string} what @param {Time[]} times @param {number} limit */
function most(findings, promise, what, times, limit) {
  /** @type {Time[]} */
  let holders = [];
  for (const time of times.toSorted((x, y) => x.from - y.from)) {
    holders = holders.filter(({ to }) => to > time.from);
    holders.push(time);
    judge(findings, promise, holders.length <= limit, () => `${what}: held by ${holders.map(({ id }) => id).join(", ")} at once`);
  }
}

/** Who holds it all the while that a listing takes is in the listing. @param {Findings} findings @param {readonly import("./types.ts").Look[]} looks @param {Time[]} times @param {number} lag */
function listed(findings, looks, times, lag) {
  const sorted = times.toSorted((x, y) => x.from - y.from);
  for (const { began, ended, ids, query, reader } of looks) {
    for (const { id, from, to } of sorted) {
      if (from >= began - lag) break;
      if (to > ended) judge(findings, "indexes", ids.has(id), () => `${id}: ${reader} was not given it by ${JSON.stringify(query)}`);
    }
  }
}
