// Puts promises to the test inside a runtime, one after the other; each result is a line of JSON.

/** @typedef {{ promise: string, state: "kept" | "broken" | "skipped", why?: string }} Result */

/** @param {Readonly<Record<string, () => Promise<string | void> | string | void>>} checks @returns {AsyncGenerator<Result>} */
async function* judged(checks) {
  for (const [promise, check] of Object.entries(checks)) {
    try {
      const why = await check();
      yield why === undefined ? { promise, state: "kept" } : { promise, state: "skipped", why };
    } catch (error) {
      yield { promise, state: "broken", why: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
    }
  }
}

/** @param {Readonly<Record<string, () => Promise<string | void> | string | void>>} checks */
export function linesOf(checks) {
  const results = judged(checks);
  const text = new TextEncoder();
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await results.next();
      if (done) controller.close();
      else controller.enqueue(text.encode(`${JSON.stringify(value)}\n`));
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

/** @param {unknown} found @param {unknown} expected @param {string} [what] */
export function same(found, expected, what = "found") {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one}; expected ${other}`);
}

/** @param {string} what @param {() => unknown} holds @param {number} [patience] ms */
export async function until(what, holds, patience = 3_000) {
  for (const end = Date.now() + patience; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error(`${what}: not within ${patience} ms`);
}
