// The store contract on the memory store, as a runtime's own process keeps it.
import { memoryStore } from "sojourn/stores/memory";
import { delayed, storeContract } from "sojourn/testing";

/** @param {boolean} late */
export function memoryPromises(late) {
  const store = late ? delayed(memoryStore()) : memoryStore();
  return Object.fromEntries(Object.entries(storeContract).map(([promise, check]) => [promise, () => check({ open: () => store })]));
}
