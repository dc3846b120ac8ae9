import { useSignal } from "@preact/signals";
import { SojournProblem, type Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { hrefOf } from "../../app/routes.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Moment } from "../../parts/moment.tsx";
import { Empty, Failed, Loading } from "../../parts/notice.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { SessionState } from "../../parts/session-state.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { tell } from "../../state/toasts.ts";
import { deviceText } from "../../text/device.ts";
import { CheckpointsPanel } from "./checkpoints-panel.tsx";
import { DataPanel } from "./data-panel.tsx";
import { DevicesPanel } from "./devices-panel.tsx";
import { Timeline } from "./timeline.tsx";

type Info = Answer<"showSession">;

/** One session, in full. */
export function SessionPage({ id }: { readonly id: string }): VNode {
  const missing = useSignal(false);
  const info = useLoaded<Info | undefined>(id, async (signal) => {
    try {
      const found = await client.showSession({ id }, { signal });
      missing.value = false;
      return found;
    } catch (error) {
      if (!(error instanceof SojournProblem && error.code === "session_missing")) throw error;
      missing.value = true;
      return undefined;
    }
  });
  return (
    <div class="page">
      <p class="crumbs">
        <a href={hrefOf({ page: "sessions", search: {} })}>Sessions</a>
        <span aria-hidden="true"> / </span>
        <span class="mono">
          <Text of={id} />
        </span>
        <Copy text={id} what="the id" />
      </p>
      {info.problem !== undefined && <Failed problem={info.problem} again={info.reload} />}
      {info.value !== undefined ? (
        <Whole info={info.value} reload={info.reload} />
      ) : missing.value ? (
        <Empty title="There is no such session.">
          <p>It never was, it belongs to another tenant, or it ended more than a day ago and is kept no longer.</p>
        </Empty>
      ) : (
        info.problem === undefined && <Loading what="Looking it up" />
      )}
    </div>
  );
}

function Whole({ info, reload }: { readonly info: Info; readonly reload: () => Promise<void> }): VNode {
  const { id, kind, subject, version, ended } = info;
  const live = ended === undefined;
  const ending = useSignal(false);
  const checkpoints = useLoaded(`${id} checkpoints ${live}`, async (signal) => {
    if (!live) return [];
    try {
      return (await client.listCheckpoints({ id }, { signal })).checkpoints;
    } catch (error) {
      // It ended meanwhile.
      if (error instanceof SojournProblem && error.code === "session_missing") return [];
      throw error;
    }
  });
  return (
    <>
      <header class="page-head">
        <h1>{subject === undefined ? <span>Nobody’s session</span> : <Text of={subject} />}</h1>
        <SessionState of={info} />
        <a class="chip" href={hrefOf({ page: "sessions", search: { kind } })}>
          <Text of={kind} />
        </a>
        <span class="grow" />
        <button type="button" class="quiet" onClick={() => void Promise.all([reload(), checkpoints.reload()])}>
          <Icon name="again" size={16} />
          Refresh
        </button>
        {live && may("end") && (
          <button type="button" class="danger" onClick={() => (ending.value = true)}>
            <Icon name="end" size={16} />
            End it …
          </button>
        )}
      </header>
      <div class="columns wide-first">
        <Panel title="Timeline">
          <Timeline info={info} checkpoints={checkpoints.value ?? []} />
        </Panel>
        <AllFacts info={info} />
      </div>
      <div class="columns wide-first">
        <div class="stack">
          <DataPanel key={version} id={id} live={live} />
          <CheckpointsPanel id={id} live={live} checkpoints={checkpoints} onRestored={() => void Promise.all([reload(), checkpoints.reload()])} />
        </div>
        {subject !== undefined && <DevicesPanel key={version} id={id} subject={subject} onEnded={() => void reload()} />}
      </div>
      {ending.value && (
        <Confirm
          title="End this session?"
          does="End it"
          onClose={() => (ending.value = false)}
          act={async () => {
            await client.revokeSession({ id });
            tell("Ended the session.");
            await reload();
          }}
        >
          <p>Who holds it is logged out at the next request. That cannot be undone.</p>
        </Confirm>
      )}
    </>
  );
}

function AllFacts({ info }: { readonly info: Info }): VNode {
  const { subject, version, authenticatedAt, methods, address, agent, expiresAt, ended } = info;
  const none = <span class="soft">not known</span>;
  return (
    <Panel title="Facts">
      <Facts
        of={[
          [
            "Subject",
            subject === undefined ? (
              <span class="soft">nobody has logged in</span>
            ) : (
              <a href={hrefOf({ page: "sessions", search: { subject } })}>
                <Text of={subject} />
              </a>
            ),
          ],
          ["Address", address === undefined ? none : <Text of={address} />],
          [
            "Device",
            agent === undefined ? (
              none
            ) : (
              <>
                <Text of={deviceText(agent)} />
                <span class="soft small block">
                  <Text of={agent} />
                </span>
              </>
            ),
          ],
          ["Logged in", authenticatedAt === undefined ? <span class="soft">no</span> : <Moment at={authenticatedAt} />],
          ["By", methods.length === 0 ? <span class="soft">–</span> : <Text of={methods.join(", ")} />],
          ...(ended === undefined ? ([["Ends", <Moment at={expiresAt} />]] as const) : []),
          ["Version", String(version)],
        ]}
      />
    </Panel>
  );
}
