// What was lost when a node was lost, as a section of docs/guarantees.md between two marks.

const marks = { begin: "<!-- losses: begin -->", end: "<!-- losses: end -->" };

/** @param {readonly { store: string, fault: string, losses: import("./losses.mjs").Losses }[]} rounds */
export function lossesReport(rounds) {
  const rows = rounds.map(({ store, fault, losses: { acknowledged, sessions, lost, ended, revived, longestPause } }) => {
    const cells = [
      store,
      fault,
      number(acknowledged),
      `${counted(lost)} of ${number(sessions)}`,
      `${counted(revived)} of ${number(ended)}`,
      `${number(longestPause)} ms`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| store | what was done while 128 sessions at a time were written | changes acknowledged | sessions that went back | ended ones that live again | nobody was answered for |",
    "|---|---|--:|--:|--:|--:|",
    ...rows,
  ].join("\n");
}

/** @param {string} page @param {string} report */
export function withLosses(page, report) {
  const [before, rest] = page.split(marks.begin);
  const after = rest?.split(marks.end)[1];
  if (after === undefined) throw new Error(`docs/guarantees.md has lost its marks ${marks.begin} and ${marks.end}.`);
  return `${before}${marks.begin}\n\n${report}\n\n${marks.end}${after}`;
}

/** Stores and faults of the rows that the page has. @param {string} page */
export function lossesOnPage(page) {
  const section = page.split(marks.begin)[1]?.split(marks.end)[0] ?? "";
  return [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| [\d,]+ \|/gm)].map(([, store, fault]) => `${store}: ${fault}`);
}

/** @param {number} value */
function counted(value) {
  return value === 0 ? "0" : `**${number(value)}**`;
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en");
}
