import type { StoreCheck } from "./store-harness.ts";
import { claimPromises } from "./store-contract-claims.ts";
import { commitPromises } from "./store-contract-commits.ts";
import { endPromises } from "./store-contract-ends.ts";
import { limitPromises } from "./store-contract-limits.ts";
import { listingPromises } from "./store-contract-listings.ts";
import { powerPromises } from "./store-contract-powers.ts";
import { textPromises } from "./store-contract-texts.ts";

/**
 * What a store promises. The keys read as the specification; each value puts its promise to the test, with any runner:
 *
 * ```ts
 * for (const [promise, check] of Object.entries(storeContract)) test(promise, () => check(harness));
 * ```
 *
 * A store's own test runs it once as it is and once with `delayed` answers, and adds what only that engine can get wrong.
 */
export const storeContract: Readonly<Record<string, StoreCheck>> = {
  ...commitPromises,
  ...claimPromises,
  ...limitPromises,
  ...endPromises,
  ...listingPromises,
  ...textPromises,
  ...powerPromises,
};
