import type { StoredSession } from "./request-session.ts";
import type { Answer, ConnectStore } from "./store.ts";

/** The session under an id. @throws whatever the store gives as its error */
export async function getFrom(store: ConnectStore, sid: string): Promise<StoredSession | undefined> {
  try {
    return (await answered<StoredSession | null>((answer) => store.get(sid, answer))) ?? undefined;
  } catch (error) {
    // Stores of files answer so for a session that is not there.
    if ((error as { readonly code?: unknown } | null)?.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Waits for a store that calls back. */
export function answered<Value = void>(ask: (answer: Answer<Value>) => unknown): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const asked = ask((error, value) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever the store gives as its error
      if (error !== undefined && error !== null && error !== false) reject(error);
      else resolve(value);
    });
    // An async method that throws before it calls back.
    if (asked instanceof Promise) asked.catch(reject);
  });
}
