/** `sojourn/testing`: the contracts that a store and a web adapter must keep, and helpers for tests of your own. */
export { storeContract } from "./store-contract.ts";
export type { StoreCheck, StoreHarness } from "./store-harness.ts";
export { httpContract } from "./http-contract.ts";
export type {
  HttpAsk,
  HttpCarrier,
  HttpCheck,
  HttpChunk,
  HttpCookie,
  HttpData,
  HttpDoor,
  HttpHarness,
  HttpReply,
  HttpRoute,
  HttpServer,
  HttpSite,
} from "./http-contract-harness.ts";
export { runStoreJob, type StoreJobName } from "./store-jobs.ts";
export { playHistory, type DifferentialHarness } from "./store-differential.ts";
export { delayed } from "./delayed.ts";
export { fakeClock, type FakeClock } from "./fake-clock.ts";
export { failingStore, type Fault, type FaultPlan, type StoreCall } from "./failing-store.ts";
export { signedIn, type SignedIn, type SignInCarrier, type SignInOptions, type SignInWeb } from "./signed-in.ts";
