import type { SessionId, Store } from "sojourn";
import { inTime } from "./in-time.ts";
import type { NetworkAddress } from "./network-address.ts";
import { patience, Silence, startTrouble } from "./start-trouble.ts";

/** A store, with the connections that were made for it: its `close` gives them back too. */
export interface OpenedStore {
  readonly store: Store;
  close(): Promise<void>;
}

/** The id of no session. */
export const nobody: SessionId = "0".repeat(26) as SessionId;

/**
 * Connects, and asks the store for a session that cannot be: with that it has found its tables, or made them. All of it has {@link patience}; what has to be
 * loaded from the disk is loaded before.
 * @param open what it has opened by then it gives to `opened`, so that it is closed also when what comes after that fails
 * @throws {StartFailure} one line that names the setting and the fix
 */
export async function connected(address: NetworkAddress, open: (opened: (close: () => unknown) => void) => Promise<Store>): Promise<OpenedStore> {
  const closing: (() => unknown)[] = [];
  let over = false;
  const close = async (): Promise<void> => {
    over = true;
    for (const each of closing.splice(0).toReversed()) await gaveBack(each);
  };
  const opened = (each: () => unknown): void => {
    if (over) void gaveBack(each);
    else closing.push(each);
  };
  const opening = async (): Promise<Store> => {
    const store = await open(opened);
    opened(() => store.close());
    await store.load(nobody, { deadline: Date.now() + patience });
    return store;
  };
  try {
    return { store: await inTime(opening(), patience, () => new Silence()), close };
  } catch (error) {
    await close();
    throw startTrouble(error, address);
  }
}

/** An engine that is gone takes no goodbye: that is no reason to wait, nor to fail. */
async function gaveBack(close: () => unknown): Promise<void> {
  try {
    await inTime(Promise.resolve(close()), goodbye, () => new Silence());
  } catch {
    // It is closed as far as it can be.
  }
}

/** How long a client may take to say goodbye to an engine, which may be gone; in ms. */
const goodbye = 2_000;
