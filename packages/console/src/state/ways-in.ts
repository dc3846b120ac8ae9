import { signal, type ReadonlySignal } from "@preact/signals";
import type { Answer } from "@sojourn/client";
import { client } from "./client.ts";

const known = signal<Answer<"consoleOptions">>({ keys: true, oidc: false });
let asking: Promise<void> | undefined;

/** How people may log in. Until the server has said, with a key: nobody waits for the answer. */
export const waysIn: ReadonlySignal<Answer<"consoleOptions">> = known;

/** Where a log-in with the provider begins; a page of the server, not of this application. */
export const providerPath = "/console/oidc/start" as const;

/** Asks the server, once. */
export async function findWaysIn(): Promise<void> {
  asking ??= client.consoleOptions().then(
    (options) => void (known.value = options),
    // Asked again by the next who wants to know.
    () => void (asking = undefined),
  );
  await asking;
}
