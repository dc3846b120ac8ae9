import { useSignal } from "@preact/signals";
import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { JsonTree } from "../../parts/json-tree.tsx";
import { Empty, Failed, Loading, Notice } from "../../parts/notice.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { asked, toldOf } from "../../state/proof.ts";
import { differencesOf, type Difference } from "./difference.ts";

/** What restoring a checkpoint would change: by name, and for who may, by value. */
export function DifferenceDialog({ id, name, onClose }: { readonly id: string; readonly name: string; readonly onClose: () => void }): VNode {
  const { value, problem, reload } = useLoaded(`${id} ${name}`, (signal) => client.compareCheckpoint({ id, name }, { signal }));
  const revealed = useSignal<Answer<"revealCheckpoint"> | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const everything = useSignal(false);
  async function reveal(): Promise<void> {
    failed.value = undefined;
    try {
      revealed.value = await asked(() => client.revealCheckpoint({ id, name }));
    } catch (error) {
      failed.value = toldOf(error);
    }
  }
  const rows: readonly Difference[] =
    revealed.value === undefined
      ? (value?.fields.map((field) => ({ path: field.name, change: field.change })) ?? [])
      : revealed.value.fields.flatMap(({ name: field, now, kept }) => differencesOf(field, now, kept));
  const shown = everything.value ? rows : rows.filter(({ change }) => change !== "same");
  return (
    <Dialog title="What restoring it would change" onClose={onClose}>
      <div class="dialog-body">
        <p>
          Checkpoint{" "}
          <b>
            <Text of={name} />
          </b>{" "}
          beside the session as it is now.
        </p>
        {problem !== undefined && <Failed problem={problem} again={reload} />}
        {failed.value !== undefined && <Notice tone="bad">{failed.value}</Notice>}
        {value === undefined && problem === undefined && <Loading what="Comparing" />}
        {value !== undefined &&
          (shown.length === 0 ? <Empty title="Nothing: they are the same." /> : <Differences rows={shown} values={revealed.value !== undefined} />)}
        {rows.length > 0 && (
          <label class="check">
            <input type="checkbox" checked={everything.value} onChange={() => (everything.value = !everything.value)} />
            Also what is the same
          </label>
        )}
      </div>
      <footer class="dialog-foot">
        {revealed.value === undefined && may("reveal") && value !== undefined && (
          <button type="button" onClick={() => void reveal()}>
            <Icon name="eye" size={16} />
            Show the values
          </button>
        )}
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}

const signs = { added: "+", removed: "−", changed: "~", same: "=" } as const;
const told = { added: "comes back", removed: "goes", changed: "changes", same: "stays" } as const;

function Differences({ rows, values }: { readonly rows: readonly Difference[]; readonly values: boolean }): VNode {
  return (
    <div class="table-room" role="region" aria-label="Differences" tabIndex={0}>
      <table class={values ? "differences side-by-side" : "differences"}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">When restored it</th>
            {values && <th scope="col">Now</th>}
            {values && <th scope="col">In the checkpoint</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, change, now, kept }) => (
            <tr key={path} class={change}>
              <th scope="row" class="mono">
                <Text of={path} />
              </th>
              <td class="nowrap">
                <span class="sign" aria-hidden="true">
                  {signs[change]}
                </span>{" "}
                {told[change]}
              </td>
              {values && <td class="was">{now === undefined ? <span class="soft">–</span> : <JsonTree value={now} />}</td>}
              {values && <td class="becomes">{kept === undefined ? <span class="soft">–</span> : <JsonTree value={kept} />}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
