import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { Ago } from "../../parts/moment.tsx";
import { Empty, Failed, Loading } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { counted } from "../../text/numbers.ts";

/** Where events are sent, and how that last went. */
export function WebhooksPanel(): VNode {
  const { value, problem, reload } = useLoaded("webhooks", async (signal) => (await client.listWebhooks({}, { signal })).webhooks);
  return (
    <Panel title="Webhooks">
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {value === undefined && problem === undefined && <Loading what="Listing webhooks" />}
      {value?.length === 0 && <Empty title="Events are sent nowhere." />}
      <ul class="webhooks">
        {value?.map(({ id, url, events, kinds, last, dropped = 0, disabled }) => (
          <li key={id}>
            <div class="mono wrap">
              <Text of={url} />
            </div>
            <div class="soft small">
              {events.join(", ")}
              {kinds !== undefined && (
                <>
                  {" of "}
                  <Text of={kinds.join(", ")} />
                </>
              )}
            </div>
            <div class="small">
              <Last last={last} />
              {dropped > 0 && ` · ${counted(dropped, "event")} given up after a day`}
              {disabled !== undefined && (
                <p>
                  <span class="state bad">nothing is sent any more</span> since <Ago at={disabled} />: the target said that it is gone.
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Last({ last }: { readonly last: Answer<"listWebhooks">["webhooks"][number]["last"] }): VNode {
  if (last === undefined) return <span class="state plain">nothing was sent yet</span>;
  const { at, ok, status, why, failures } = last;
  return (
    <>
      <span class={ok ? "state good" : "state bad"}>{ok ? "taken" : "failed"}</span> <Ago at={at} />
      {status !== undefined && ` · ${status}`}
      {why !== undefined && (
        <>
          {" · "}
          <Text of={why} />
        </>
      )}
      {failures > 0 && ` · ${counted(failures, "failure")} in a row`}
    </>
  );
}
