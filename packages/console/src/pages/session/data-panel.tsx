import { useSignal } from "@preact/signals";
import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../parts/icons.tsx";
import { JsonTree } from "../../parts/json-tree.tsx";
import { Empty, Notice } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { client } from "../../state/client.ts";
import { may } from "../../state/person.ts";
import { GivenUp, asked, toldOf } from "../../state/proof.ts";
import { counted } from "../../text/numbers.ts";
import { Journal } from "./journal.tsx";

/** How long values stay in sight, in ms: as long as a proof counts. */
const sight = 5 * 60_000;

/** What the session holds: masked until somebody who may has asked for it. */
export function DataPanel({ id, live }: { readonly id: string; readonly live: boolean }): VNode {
  const held = useSignal<Answer<"revealSession"> | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (held.value === undefined) return undefined;
    const timer = setTimeout(() => (held.value = undefined), sight);
    return () => clearTimeout(timer);
  }, [held.value]);
  async function reveal(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    try {
      held.value = await asked(() => client.revealSession({ id }));
    } catch (error) {
      problem.value = error instanceof GivenUp ? undefined : toldOf(error);
    } finally {
      busy.value = false;
    }
  }
  const shown = held.value;
  const fields = shown === undefined ? [] : Object.entries(shown.data);
  const hide = (
    <button type="button" class="quiet" onClick={() => (held.value = undefined)}>
      <Icon name="lock" size={16} />
      Hide
    </button>
  );
  return (
    <>
      {shown?.journal !== undefined && (
        <Panel title="Messages">
          <p class="soft small">Since the dialogue’s last checkpoint. Of most that the service says only a digest is kept.</p>
          <Journal lines={shown.journal} />
        </Panel>
      )}
      <Panel title="Data" {...(shown !== undefined && { aside: hide })}>
        {problem.value !== undefined && <Notice tone="bad">{problem.value}</Notice>}
        {shown === undefined ? (
          <Masked live={live} busy={busy.value} onReveal={() => void reveal()} />
        ) : fields.length === 0 ? (
          <Empty title="It holds no fields." />
        ) : (
          <>
            <p class="soft small">
              {counted(fields.length, "field")} at version {shown.version}. Hidden again after five minutes.
            </p>
            <div class="json">
              {fields.map(([name, value]) => (
                <JsonTree key={name} name={name} value={value} />
              ))}
            </div>
          </>
        )}
      </Panel>
    </>
  );
}

function Masked({ live, busy, onReveal }: { readonly live: boolean; readonly busy: boolean; readonly onReveal: () => void }): VNode {
  return (
    <div class="masked">
      <p class="mask" aria-hidden="true">
        ••••••• •••• ••••••••• ••••• •••• ••••••
      </p>
      {!may("reveal") ? (
        <p class="soft">Your role sees no values.</p>
      ) : !live ? (
        <p class="soft">It has ended: what it held is shown to nobody any more.</p>
      ) : (
        <>
          <button type="button" aria-disabled={busy} onClick={onReveal}>
            <Icon name="eye" size={16} />
            {busy ? "Asking …" : "Show the values"}
          </button>
          <p class="soft small">That you looked is written into the server’s log.</p>
        </>
      )}
    </div>
  );
}
