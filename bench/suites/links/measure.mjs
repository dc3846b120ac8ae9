// Rounds of one process: `node --expose-gc measure.mjs <rounds> <pages a slot> <megabytes of the long page>`, started by children.mjs.
import { RewritingStream } from "parse5-html-rewriting-stream";
import { rewriter } from "sojourn/http";
import { interleavedRound } from "../../lib/interleave.mjs";
import { pageOf, partsOf } from "./pages.mjs";

/**
 * @typedef {object} Found
 * @property {number[]} shares of the bare tokenizer's rate, one a round.
 * @property {number[]} controls the same of the bare tokenizer itself.
 * @property {number[]} rates megabytes a second.
 * @property {number} grown bytes that the heap had grown by at most, in the middle of a page that has no end.
 */

const [rounds = 0, pages = 0, megabytes = 0] = process.argv.slice(2).map(Number);
const collect = /** @type {() => void} */ (globalThis.gc);
const links = 1_000;
const parts = partsOf(pageOf(1_000_000, links));
const token = `${"0".repeat(26)}.${"A".repeat(32)}`;
const rewrite = rewriter(RewritingStream);
const page = { name: "sid", token, page: new URL("https://shop.example/articles"), field: undefined };

/** The tokenizer alone, its output taken in the same way. */
function through() {
  const html = new RewritingStream();
  let out = "";
  html.push = (part) => {
    if (typeof part === "string") out += part;
    return true;
  };
  return {
    /** @param {string} part */
    write(part) {
      html.write(part);
      const text = out;
      out = "";
      return text;
    },
    /** @param {(rest: string) => void} done */
    end: (done) => void html.end(() => done(out)),
  };
}

/**
 * A page of its parts.
 * @param {{ write(part: string): string, end(done: (rest: string) => void): void }} stream
 * @returns {Promise<number>} characters that left.
 */
async function walked(stream) {
  let length = 0;
  for (const part of parts) length += stream.write(part).length;
  return length + (await new Promise((resolve) => stream.end((rest) => resolve(rest.length))));
}

const bytes = parts.reduce((sum, { length }) => sum + length, 0);
/** @param {() => { write(part: string): string, end(done: (rest: string) => void): void }} open @param {number} more characters a page. */
async function slot(open, more) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let n = 0; n < pages; n++) {
    const length = await walked(open());
    if (length !== bytes + more) throw new Error(`Of ${bytes} characters ${length} left; ${bytes + more} would be right.`);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (pages * bytes) / 1_000 / (performance.now() - began), cpu: (user + system) / pages };
}

const added = links * `&amp;sid=${token}`.length;
/** @type {Found} */
const found = { shares: [], controls: [], rates: [], grown: 0 };
const cells = /** @type {const} */ (["control", "links"]);
const bare = () => slot(through, 0);
for (let warm = 0; warm < 3; warm++) {
  await bare();
  await slot(() => rewrite(page), added);
}
for (let round = 1; round <= rounds; round++) {
  const given = await interleavedRound({ cells, bare, measure: (cell) => (cell === "links" ? slot(() => rewrite(page), added) : bare()) });
  const [control, own] = cells.map((cell) => given.get(cell));
  found.controls.push(control?.share ?? NaN);
  found.shares.push(own?.share ?? NaN);
  found.rates.push(own?.rate ?? NaN);
}

// A page without an end: whatever is kept of it would show.
const endless = rewrite(page);
for (const part of parts) endless.write(part);
collect();
const before = process.memoryUsage().heapUsed;
for (let n = 0; n < megabytes; n++) {
  for (const part of parts) endless.write(part);
  if (n % 20 !== 19) continue;
  collect();
  found.grown = Math.max(found.grown, process.memoryUsage().heapUsed - before);
}
process.send?.({ found });
