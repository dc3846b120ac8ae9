// How uneven the load of three nodes is when visitors stay at one, in numbers: `npm run skew`. Nothing is served here; visits are drawn by chance from a
// fixed seed. A visit has 1 request or hundreds (log-normal, 8 in the middle, 16 on average), 15 seconds apart on average.
const minute = 60_000;
const nodes = 3;

/** Uniform numbers in 0 … 1, always the same ones (mulberry32). @param {number} state */
function chance(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Requests by minute and node, after a first half hour that is not counted.
 * @param {number} visits at the same time, on average
 * @param {(visit: { readonly turn: number, readonly chance: number, readonly began: number }, request: number, at: number) => number} nodeFor
 */
function loads(visits, nodeFor) {
  const [warm, end] = [30 * minute, 90 * minute];
  const draw = chance(7);
  const counts = Array.from({ length: 60 }, () => Array.from({ length: nodes }, () => 0));
  const between = (16.4 * 15_000) / visits;
  const waits = (/** @type {number} */ mean) => -Math.log(1 - draw()) * mean;
  let requests = 0;
  for (let began = waits(between), turn = 0; began < end; began += waits(between), turn++) {
    const visit = { turn, chance: draw(), began };
    const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const length = Math.max(1, Math.round(8 * Math.exp(1.2 * normal)));
    for (let n = 0, at = began; n < length && at < end; n++, at += waits(15_000)) {
      const node = nodeFor(visit, (requests += 1), at);
      if (at >= warm) counts[Math.floor((at - warm) / minute)][node] += 1;
    }
  }
  return counts;
}

/** How much more than its share the busiest node has, of the minutes the middle one and the worst but one. @param {number[][]} counts */
function excess(counts) {
  const ratios = counts.map((minutes) => (Math.max(...minutes) * nodes) / minutes.reduce((sum, one) => sum + one)).toSorted((a, b) => a - b);
  const percent = (/** @type {number} */ ratio) => `+${Math.round((ratio - 1) * 100)} %`;
  return `${percent(ratios[30])}, ${percent(ratios[58])}`;
}

/** The same requests, each to the next node: as even as whole requests can be. @param {number[][]} counts */
function inTurn(counts) {
  return counts.map((minutes) => {
    const all = minutes.reduce((sum, one) => sum + one);
    return minutes.map((_, node) => Math.ceil((all - node) / nodes));
  });
}

const ways = {
  "sticky, a visit's first request in turn": ({ turn }) => turn % nodes,
  "sticky, by a hash of the session's id": ({ chance: drawn }) => Math.floor(drawn * nodes),
};
const sizes = [100, 1_000, 10_000];
console.log("| visits at a time | 100 | 1,000 | 10,000 |\n|---|---|---|---|");
console.log(`| each request in turn | ${sizes.map((visits) => excess(inTurn(loads(visits, () => 0)))).join(" | ")} |`);
for (const [name, way] of Object.entries(ways)) console.log(`| ${name} | ${sizes.map((visits) => excess(loads(visits, way))).join(" | ")} |`);

// The first node is away for ten minutes, and back at the thirtieth. Its visitors have its name still; who came meanwhile has another's.
const [gone, back] = [50 * minute, 60 * minute];
const after = loads(10_000, ({ turn, began }, request, at) => {
  const home = began >= gone && began < back ? 1 + (turn % 2) : turn % nodes;
  return home === 0 && at >= gone && at < back ? 1 + (request % 2) : home;
});
const share = (/** @type {number} */ at) => `${Math.round((after[at][0] * nodes * 100) / after[at].reduce((sum, one) => sum + one))} %`;
const moments = [1, 5, 10, 20, 29];
console.log(`\n| minutes after the node is back | ${moments.join(" | ")} |\n|---|${moments.map(() => "---|").join("")}`);
console.log(`| load of its fair share | ${moments.map((at) => share(30 + at - 1)).join(" | ")} |`);
