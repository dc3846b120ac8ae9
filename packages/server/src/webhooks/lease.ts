import { SojournError, type Store } from "sojourn";
import type { Log } from "../log.ts";
import { progressText, type Hook, type Progress } from "./hook.ts";
import { pause } from "./pause.ts";

/** That this server delivers for a webhook, and how far it has come. The version of the record is the lease: whoever moves it has it. */
export interface Lease {
  /** The webhook as it now stands. */
  hook(): Hook;
  /** Notes progress. A new cursor alone can wait for the next renewal, all else is written within a second. */
  note(progress: Partial<Progress>): void;
  /** When the write was made whose event this is: all that happened before it is behind us. */
  writtenAt(event: { readonly id: string; readonly version: number }): number | undefined;
  /** Waits until this server certainly holds the lease, or no longer does (then the signal is aborted). */
  held(): Promise<void>;
  /** Writes now. */
  save(): Promise<void>;
  /** Writes, and lets the next have it at once. */
  release(): Promise<void>;
  /** Stops renewing. */
  stop(): void;
}

/** ms between two looks at whether there is something to write down, */
const saveEvery = 1_000;
/** and after which it is written in any case: others see by it that this server lives. */
const renewEvery = 3_000;
/** ms after the last successful write until which this server may act. Less than others wait before they take over. */
const mayAct = 8_000;
const patience = 2_000;

/** @param ending aborted when the lease is lost, or the webhook is gone */
export function leaseOf(store: Store, taken: Hook, ending: AbortController, log: Log): Lease {
  const { signal } = ending;
  let hook = taken;
  let lost = false;
  let dirty = false;
  let savedAt = performance.now();
  let written = { version: taken.version, at: Date.now() };
  let saving: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (dirty || performance.now() - savedAt >= renewEvery) void save(taken.holder);
  }, saveEvery);
  timer.unref();

  /** One write at a time: each expects the version of the one before. */
  function save(holder: string): Promise<void> {
    saving = saving.then(() => (lost ? undefined : write(holder)));
    return saving;
  }

  async function write(holder: string): Promise<void> {
    const began = performance.now();
    const at = Date.now();
    dirty = false;
    try {
      const set = { progress: progressText(hook), holder };
      const outcome = await store.commit({ id: hook.id, expect: hook.version, set }, { deadline: at + patience });
      if (outcome.ok) {
        hook = { ...hook, version: outcome.version };
        written = { version: outcome.version, at };
        savedAt = began;
      } else if (outcome.why !== "full") {
        lost = true;
        ending.abort();
      }
    } catch (error) {
      dirty = true;
      if (error instanceof SojournError && error.code === "outcome_unknown") await lookAgain();
      else log.error("webhooks: could not write down how far a delivery has come", error);
    }
  }

  /** The write may have landed: then the next would be refused, and this server would wait for its own lease. */
  async function lookAgain(): Promise<void> {
    try {
      const record = await store.load(hook.id, { deadline: Date.now() + patience, fresh: true });
      if (record?.fields["holder"] === taken.holder) hook = { ...hook, version: record.version };
    } catch {
      // The next write tells.
    }
  }

  return {
    hook: () => hook,
    note(progress) {
      hook = { ...hook, ...progress };
      if (Object.keys(progress).some((name) => name !== "cursor" && name !== "through")) dirty = true;
    },
    writtenAt: ({ id, version }) => (id === hook.id && version === written.version ? written.at : undefined),
    async held() {
      while (!signal.aborted && performance.now() - savedAt > mayAct) {
        await save(taken.holder);
        if (performance.now() - savedAt > mayAct) await pause(saveEvery, signal);
      }
    },
    save: () => save(taken.holder),
    release: () => save(""),
    stop: () => clearInterval(timer),
  };
}
