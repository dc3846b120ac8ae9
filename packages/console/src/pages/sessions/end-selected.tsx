import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { SojournProblem } from "@sojourn/client";
import type { VNode } from "preact";
import { Confirm } from "../../parts/confirm.tsx";
import { client } from "../../state/client.ts";
import { person } from "../../state/person.ts";
import { tell } from "../../state/toasts.ts";
import { counted } from "../../text/numbers.ts";
import { Text } from "../../parts/text.tsx";
import type { Results } from "./results.ts";

/** What is selected, and that it can be ended. */
export function SelectionBar({ selected, results }: { readonly selected: Signal<ReadonlySet<string>>; readonly results: Results }): VNode | null {
  const confirming = useSignal(false);
  const count = selected.value.size;
  if (count === 0 && !confirming.value) return null;
  return (
    <div class="selection" role="status">
      <b>{counted(count, "session")} selected</b>
      <button type="button" onClick={() => (selected.value = new Set())}>
        None
      </button>
      <button type="button" class="danger" onClick={() => (confirming.value = true)}>
        End {count === 1 ? "it" : "them"} …
      </button>
      {confirming.value && <EndSelected selected={selected} results={results} onClose={() => (confirming.value = false)} />}
    </div>
  );
}

interface EndSelectedProps {
  readonly selected: Signal<ReadonlySet<string>>;
  readonly results: Results;
  readonly onClose: () => void;
}

function EndSelected({ selected, results, onClose }: EndSelectedProps): VNode {
  const ids = useSignal([...selected.value]).value;
  const gone = useSignal<ReadonlySet<string>>(new Set());
  async function act(): Promise<void> {
    for (const id of ids) {
      if (gone.value.has(id)) continue;
      try {
        await client.revokeSession({ id });
      } catch (error) {
        // It ended meanwhile: as was wanted.
        if (!(error instanceof SojournProblem && error.code === "session_missing")) throw error;
      }
      gone.value = new Set([...gone.value, id]);
      results.ended(new Set([id]), person.value?.name);
    }
    selected.value = new Set();
    tell(`Ended ${counted(ids.length, "session")}.`);
  }
  return (
    <Confirm title={`End ${counted(ids.length, "session")}?`} does={ids.length === 1 ? "End it" : "End them"} act={act} onClose={onClose}>
      <p>Who holds {ids.length === 1 ? "it" : "one of them"} is logged out at the next request. That cannot be undone.</p>
      {gone.value.size > 0 && (
        <div role="status">
          {gone.value.size} of {ids.length} have ended.
          <progress max={ids.length} value={gone.value.size} aria-label="Ended so far" />
        </div>
      )}
    </Confirm>
  );
}

/** Ends all of a subject. */
export function EndSubject({ subject, onClose, onEnded }: { readonly subject: string; readonly onClose: () => void; readonly onEnded: () => void }): VNode {
  async function act(): Promise<void> {
    const { ended } = await client.revokeSubject({ subject });
    tell(`Ended ${counted(ended, "session")}.`);
    onEnded();
  }
  return (
    <Confirm title="End all sessions of this subject?" does="End them all" act={act} onClose={onClose}>
      <p>
        Every session of{" "}
        <b>
          <Text of={subject} />
        </b>{" "}
        ends, on every device, whatever its kind. A log-in that races with it is ended too; one that comes later is not. That cannot be undone.
      </p>
    </Confirm>
  );
}
