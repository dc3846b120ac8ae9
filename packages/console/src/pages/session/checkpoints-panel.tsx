import { useSignal } from "@preact/signals";
import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { Confirm } from "../../parts/confirm.tsx";
import { Ago } from "../../parts/moment.tsx";
import { Empty, Failed, Loading } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import type { Loaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { tell } from "../../state/toasts.ts";
import { counted } from "../../text/numbers.ts";
import { DifferenceDialog } from "./difference-dialog.tsx";

type Checkpoint = Answer<"listCheckpoints">["checkpoints"][number];
type Asked = { readonly what: "compare" | "restore" | "drop"; readonly name: string } | { readonly what: "create" };

/** What checkpoints are of. */
export interface CheckpointsPanelProps {
  readonly id: string;
  readonly live: boolean;
  readonly checkpoints: Loaded<readonly Checkpoint[]>;
  /** The session is another than before. */
  readonly onRestored: () => void;
}

/** Copies of the session's fields: compared, restored, kept, taken away. */
export function CheckpointsPanel({ id, live, checkpoints, onRestored }: CheckpointsPanelProps): VNode {
  const open = useSignal<Asked | undefined>(undefined);
  const { value, problem, reload } = checkpoints;
  const close = (): void => {
    open.value = undefined;
  };
  const keeps = may("restore");
  const keep = (
    <button type="button" class="quiet" onClick={() => (open.value = { what: "create" })}>
      Keep one now …
    </button>
  );
  if (!live)
    return (
      <Panel title="Checkpoints">
        <Empty title="It has ended: nothing can be restored in it.">
          <p>What was kept of its subject is listed with the subject’s live sessions, and can be restored there.</p>
        </Empty>
      </Panel>
    );
  return (
    <Panel title="Checkpoints" {...(keeps && { aside: keep })}>
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {value === undefined && problem === undefined && <Loading what="Looking for checkpoints" />}
      {value?.length === 0 && (
        <Empty title="There is none.">{keeps && <p>A checkpoint keeps a copy of the fields, to which the session can be taken back.</p>}</Empty>
      )}
      {value !== undefined && value.length > 0 && (
        <ul class="checkpoints">
          {value.map((checkpoint) => (
            <li key={checkpoint.name}>
              <div class="grow">
                <b>
                  <Text of={checkpoint.name} />
                </b>
                <span class="soft small">
                  {" "}
                  <Ago at={checkpoint.at} /> · {counted(checkpoint.fields.length, "field")} · goes <Ago at={checkpoint.until} />
                  {checkpoint.session !== id && " · of another session of this subject"}
                </span>
              </div>
              <div class="acts">
                <button type="button" onClick={() => (open.value = { what: "compare", name: checkpoint.name })}>
                  Compare
                </button>
                {keeps && (
                  <button type="button" onClick={() => (open.value = { what: "restore", name: checkpoint.name })}>
                    Restore …
                  </button>
                )}
                {may("restore") && (
                  <button type="button" class="quiet danger-text" onClick={() => (open.value = { what: "drop", name: checkpoint.name })}>
                    Drop …
                  </button>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      <Opened open={open.value} id={id} onClose={close} onRestored={onRestored} reload={reload} />
    </Panel>
  );
}

interface OpenedProps {
  readonly open: Asked | undefined;
  readonly id: string;
  readonly onClose: () => void;
  readonly onRestored: () => void;
  readonly reload: () => Promise<void>;
}

function Opened({ open, id, onClose, onRestored, reload }: OpenedProps): VNode | null {
  if (open === undefined) return null;
  if (open.what === "create") return <Keep id={id} onClose={onClose} reload={reload} />;
  const { name, what } = open;
  if (what === "compare") return <DifferenceDialog id={id} name={name} onClose={onClose} />;
  if (what === "restore")
    return (
      <Confirm
        title="Restore this checkpoint?"
        does="Restore it"
        danger={false}
        onClose={onClose}
        act={async () => {
          const { version } = await client.restoreCheckpoint({ id, name });
          tell(`Restored. The session is at version ${version} now.`);
          onRestored();
        }}
      >
        <p>
          The session gets the fields of{" "}
          <b>
            <Text of={name} />
          </b>
          , and those that the checkpoint does not have are taken away. Who is logged in, and until when, stays as it is. Keep a checkpoint of now first if you
          may want to come back.
        </p>
      </Confirm>
    );
  return (
    <Confirm
      title="Drop this checkpoint?"
      does="Drop it"
      onClose={onClose}
      act={async () => {
        await client.dropCheckpoint({ id, name });
        tell("Dropped the checkpoint.");
        await reload();
      }}
    >
      <p>
        <b>
          <Text of={name} />
        </b>{" "}
        is gone then, for all sessions of its subject. That cannot be undone.
      </p>
    </Confirm>
  );
}

function Keep({ id, onClose, reload }: { readonly id: string; readonly onClose: () => void; readonly reload: () => Promise<void> }): VNode {
  const name = useSignal("");
  const field = useId();
  return (
    <Confirm
      title="Keep a checkpoint"
      does="Keep it"
      danger={false}
      onClose={onClose}
      act={async () => {
        await client.createCheckpoint({ id, name: name.value });
        tell("Kept a checkpoint.");
        await reload();
      }}
    >
      <div class="field">
        <label for={field}>Its name</label>
        <input
          id={field}
          autofocus
          autocomplete="off"
          required
          maxLength={256}
          value={name.value}
          onInput={(input) => (name.value = input.currentTarget.value)}
        />
      </div>
    </Confirm>
  );
}
