import { leastViews, mostViews } from "./content.mjs";

/**
 * Does it for so many ms.
 * @callback Work
 * @param {import("./contenders.mjs").Contender} contender
 * @param {number} least ms.
 * @param {number} width how many are under way, of those that give promises.
 * @returns {import("./contenders.mjs").MaybePromise<{ count: number, taken: number }>}
 *
 * @typedef {"both" | "open" | "seal"} Part
 */

/** As many are done between two looks at the clock. */
const batch = 16;

/** Of those that answer at once. @type {Record<Part, Work>} */
export const atOnce = {
  both({ first, open, views, seal }, least) {
    let [text, count, last] = [first, 0, leastViews];
    const began = performance.now();
    do {
      for (let n = 0; n < batch; n++) {
        const opened = open(text);
        expect(views(opened), last);
        last = next(last);
        text = /** @type {string} */ (seal(opened, last));
      }
      count += batch;
    } while (performance.now() - began < least);
    return { count, taken: performance.now() - began };
  },
  open({ first, open, views }, least) {
    let count = 0;
    const began = performance.now();
    do {
      for (let n = 0; n < batch; n++) expect(views(open(first)), leastViews);
      count += batch;
    } while (performance.now() - began < least);
    return { count, taken: performance.now() - began };
  },
  seal({ first, open, views, seal }, least) {
    let [count, taken] = [0, 0];
    /** @type {string} */
    let text = first;
    while (taken < least) {
      const opened = Array.from({ length: batch }, () => open(first));
      const began = performance.now();
      for (const each of opened) text = /** @type {string} */ (seal(each, mostViews));
      taken += performance.now() - began;
      count += batch;
      expect(views(open(text)), mostViews);
    }
    return { count, taken };
  },
};

/** Of those that give promises. @type {Record<Part, Work>} */
export const waiting = {
  async both({ first, open, views, seal }, least, width) {
    let count = 0;
    const began = performance.now();
    await all(width, async () => {
      let [text, last] = [first, leastViews];
      do {
        const opened = await open(text);
        expect(views(opened), last);
        last = next(last);
        text = await seal(opened, last);
        count++;
      } while (performance.now() - began < least);
    });
    return { count, taken: performance.now() - began };
  },
  async open({ first, open, views }, least, width) {
    let count = 0;
    const began = performance.now();
    await all(width, async () => {
      do {
        expect(views(await open(first)), leastViews);
        count++;
      } while (performance.now() - began < least);
    });
    return { count, taken: performance.now() - began };
  },
  async seal({ first, open, views, seal }, least, width) {
    let [count, taken] = [0, 0];
    while (taken < least) {
      const opened = await all(width, async () => open(first));
      const began = performance.now();
      const texts = await Promise.all(opened.map((each) => seal(each, mostViews)));
      taken += performance.now() - began;
      count += width;
      expect(views(await open(texts[0] ?? "")), mostViews);
    }
    return { count, taken };
  },
};

/**
 * @template T
 * @param {number} width
 * @param {() => Promise<T>} work
 */
function all(width, work) {
  return Promise.all(Array.from({ length: width }, work));
}

/** @param {number} views @param {number} right */
function expect(views, right) {
  if (views !== right) throw new Error(`The field is ${views}; ${right} was sealed.`);
}

/** @param {number} views */
function next(views) {
  return views === mostViews ? leastViews : views + 1;
}
