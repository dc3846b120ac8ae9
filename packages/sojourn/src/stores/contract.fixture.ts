import { test } from "vitest";
import { storeContract } from "../testing/store-contract.ts";
import type { StoreHarness } from "../testing/store-harness.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Why the promise was not put to the test: the store does not have the power that it is about. */
    without?: string;
  }
}

/** One test for each promise of the store contract. @param ms each may take */
export function keepsTheContract(harness: StoreHarness, ms = 20_000): void {
  for (const [promise, check] of Object.entries(storeContract)) {
    test(
      promise,
      async ({ task }) => {
        const without = await check(harness);
        if (without !== undefined) task.meta.without = without;
      },
      ms,
    );
  }
}
