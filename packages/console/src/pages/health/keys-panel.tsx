import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty, Failed, Loading } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { time } from "../../state/clock.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { tell } from "../../state/toasts.ts";
import { lengthText, momentText } from "../../text/times.ts";

/** A key that is older, in ms, is worth a thought. */
const old = 365 * 24 * 3600_000;

/** Application keys and how old they are. */
export function KeysPanel(): VNode {
  const { value, problem, reload } = useLoaded("keys", async (signal) => (await client.listKeys({}, { signal })).keys);
  const revoking = useSignal<{ readonly id: string; readonly name: string } | undefined>(undefined);
  return (
    <Panel title="Application keys">
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {value === undefined && problem === undefined && <Loading what="Listing keys" />}
      {value?.length === 0 && <Empty title="There is none." />}
      {value !== undefined && value.length > 0 && (
        <div class="table-room" role="region" aria-label="Keys, their roles and ages" tabIndex={0}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Age</th>
                {may("revoke keys") && <th scope="col">{<span class="unseen-text">Revoke</span>}</th>}
              </tr>
            </thead>
            <tbody>
              {value.map(({ id, name, role, created }) => (
                <tr key={id}>
                  <th scope="row">
                    <Text of={name} />
                  </th>
                  <td>{role}</td>
                  <td title={momentText(created)}>
                    <span class={time.value - created > old ? "state warn" : ""}>{lengthText(time.value - created)}</span>
                  </td>
                  {may("revoke keys") && (
                    <td class="acts">
                      <button type="button" class="quiet danger-text" aria-label={`Revoke ${name} …`} onClick={() => (revoking.value = { id, name })}>
                        Revoke …
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="soft small">
        New ones are made on the server: <code>sojournd keys new --role app --name NAME</code>
      </p>
      {revoking.value !== undefined && (
        <Revoke
          id={revoking.value.id}
          name={revoking.value.name}
          onClose={() => (revoking.value = undefined)}
          onRevoked={() => {
            tell("Revoked the key.");
            void reload();
          }}
        />
      )}
    </Panel>
  );
}

interface RevokeProps {
  readonly id: string;
  readonly name: string;
  readonly onClose: () => void;
  readonly onRevoked: () => void;
}

function Revoke({ id, name, onClose, onRevoked }: RevokeProps): VNode {
  return (
    <Confirm
      title="Revoke this key?"
      does="Revoke it"
      onClose={onClose}
      act={async () => {
        await client.revokeKey({ id });
        onRevoked();
      }}
    >
      <p>
        Whatever uses the key{" "}
        <b>
          <Text of={name} />
        </b>{" "}
        is refused from then on, everywhere; who is logged in here with it is out. That cannot be undone.
      </p>
    </Confirm>
  );
}
