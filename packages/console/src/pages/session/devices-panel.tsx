import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { hrefOf } from "../../app/routes.ts";
import { Icon } from "../../parts/icons.tsx";
import { Ago } from "../../parts/moment.tsx";
import { Empty, Failed, Loading } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { deviceText } from "../../text/device.ts";
import { EndSubject } from "../sessions/end-selected.tsx";

/** How many are shown; all of them are on the page of sessions. */
const some = 10;

/** What the subject is logged in with besides this session. */
export function DevicesPanel({ id, subject, onEnded }: { readonly id: string; readonly subject: string; readonly onEnded: () => void }): VNode {
  const { value, problem, reload } = useLoaded(`${id} ${subject}`, (signal) => client.listSessions({ subject, limit: some + 1 }, { signal }));
  const ending = useSignal(false);
  const others = value?.sessions.filter((session) => session.id !== id) ?? [];
  const end = (
    <button type="button" class="quiet danger-text" onClick={() => (ending.value = true)}>
      <Icon name="end" size={16} />
      End all …
    </button>
  );
  return (
    <Panel title="Other sessions of this subject" {...(may("end") && value !== undefined && value.sessions.length > 0 && { aside: end })}>
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {value === undefined && problem === undefined && <Loading what="Looking for others" />}
      {value !== undefined && others.length === 0 && <Empty title="There is no other live one." />}
      <ul class="devices">
        {others.slice(0, some).map((other) => (
          <li key={other.id}>
            <a href={hrefOf({ page: "session", id: other.id })}>
              <b>
                <Text of={other.agent === undefined ? other.kind : deviceText(other.agent)} />
              </b>
              <span class="soft small">
                <Text of={other.kind} />
                {other.address !== undefined && (
                  <>
                    {" · "}
                    <Text of={other.address} />
                  </>
                )}
                {" · seen "}
                <Ago at={other.seen} />
              </span>
            </a>
          </li>
        ))}
      </ul>
      {(others.length > some || value?.next !== undefined) && (
        <p>
          <a href={hrefOf({ page: "sessions", search: { subject } })}>All of them</a>
        </p>
      )}
      {ending.value && (
        <EndSubject
          subject={subject}
          onClose={() => (ending.value = false)}
          onEnded={() => {
            void reload();
            onEnded();
          }}
        />
      )}
    </Panel>
  );
}
