import { answerPromises } from "./http-contract-answers.ts";
import { cachePromises } from "./http-contract-caches.ts";
import { failurePromises } from "./http-contract-failures.ts";
import type { HttpCheck } from "./http-contract-harness.ts";
import { originPromises } from "./http-contract-origins.ts";
import { routePromises } from "./http-contract-routes.ts";
import { tokenPromises } from "./http-contract-tokens.ts";

/**
 * What a web adapter promises. The keys read as the specification; each value puts its promise to the test over real HTTP, with any runner:
 *
 * ```ts
 * for (const [promise, check] of Object.entries(httpContract)) test(promise, () => check(harness));
 * ```
 *
 * An adapter's own test runs it once with a store that answers at once and once with a `delayed` one, and adds what only that framework can get wrong.
 */
export const httpContract: Readonly<Record<string, HttpCheck>> = {
  ...tokenPromises,
  ...answerPromises,
  ...failurePromises,
  ...cachePromises,
  ...originPromises,
  ...routePromises,
};
