import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Icon } from "../../parts/icons.tsx";
import { Ago } from "../../parts/moment.tsx";
import { Failed, Loading } from "../../parts/notice.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { bytesText, countText, latencyText } from "../../text/numbers.ts";
import { lengthText } from "../../text/times.ts";
import { DoctorPanel } from "./doctor-panel.tsx";
import { KeysPanel } from "./keys-panel.tsx";
import { WebhooksPanel } from "./webhooks-panel.tsx";

/** How the server does, and how it is set up. */
export function HealthPage(): VNode {
  const round = useSignal(0);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Health</h1>
        <span class="grow" />
        <button type="button" class="quiet" onClick={() => round.value++}>
          <Icon name="again" size={16} />
          Refresh
        </button>
      </header>
      <Sight key={round.value} />
    </div>
  );
}

function Sight(): VNode {
  const status = useLoaded("status", (signal) => client.status({}, { signal }));
  const now = useLoaded("now", (signal) => client.now({}, { signal }));
  return (
    <>
      {status.problem !== undefined && <Failed problem={status.problem} again={status.reload} />}
      {status.value === undefined && status.problem === undefined && <Loading what="Asking the server" />}
      {status.value !== undefined && (
        <div class="columns">
          <Store status={status.value} now={now.value} />
          <Server status={status.value} now={now.value} />
        </div>
      )}
      <DoctorPanel />
      {(may("see keys") || may("see webhooks")) && (
        <div class="columns">
          {may("see keys") && <KeysPanel />}
          {may("see webhooks") && <WebhooksPanel />}
        </div>
      )}
    </>
  );
}

type Status = Awaited<ReturnType<typeof client.status>>;
type Seen = Awaited<ReturnType<typeof client.now>>;
interface Known {
  readonly status: Status;
  readonly now: Seen | undefined;
}

function Store({ status: { store }, now }: Known): VNode {
  const times = (of: Seen["reads"] | undefined): string =>
    of === undefined ? "" : of.count === 0 ? "no calls in the last minute" : `half within ${latencyText(of.p50)}, 99 % within ${latencyText(of.p99)}`;
  return (
    <Panel title="Store" aside={<Up up={store.reads === "up" && store.writes === "up"} />}>
      <Facts
        of={[
          ["Engine", <Text of={store.engine} />],
          [
            "Where",
            <span class="mono">
              <Text of={store.shown} />
            </span>,
          ],
          ["Reads", <Way up={store.reads === "up"} more={times(now?.reads)} />],
          ["Writes", <Way up={store.writes === "up"} more={times(now?.writes)} />],
          [
            "Feed",
            store.watched ? <Way up more="tells of every change" /> : <span class="state warn">none: this store tells of no changes, there are no events</span>,
          ],
          ["Counts", store.counts ? "live sessions by kind" : <span class="soft">cannot count live sessions</span>],
        ]}
      />
    </Panel>
  );
}

function Server({ status, now }: Known): VNode {
  return (
    <Panel title="Server">
      <Facts
        of={[
          ["Version", <Text of={status.version} />],
          ["Started", <Ago at={status.started} />],
          ["Memory", bytesText(status.memory)],
          ["Tenant", <Text of={status.tenant} />],
          ["Wakes", now === undefined ? "" : now.lag === undefined ? "nobody looked yet" : `at most ${latencyText(Math.max(0, now.lag))} late`],
          ["Listeners", now === undefined ? "" : countText(now.listeners)],
          ["Idle sessions end", `after ${lengthText(status.idle)}`],
          ["All sessions end", `after ${lengthText(status.absolute)}`],
        ]}
      />
    </Panel>
  );
}

function Up({ up }: { readonly up: boolean }): VNode {
  return up ? <span class="state good">up</span> : <span class="state bad">down</span>;
}

function Way({ up, more }: { readonly up: boolean; readonly more: string }): VNode {
  return (
    <>
      <Up up={up} /> <span class="soft">{more}</span>
    </>
  );
}
