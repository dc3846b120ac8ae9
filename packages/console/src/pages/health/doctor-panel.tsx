import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { Icon, type IconName } from "../../parts/icons.tsx";
import { Empty, Failed, Loading, Notice } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { grouped, verdicts, type Finding, type Group } from "./verdicts.ts";

const looks: Readonly<Record<Finding["verdict"], { readonly tone: string; readonly icon: IconName; readonly title: string }>> = {
  "not met": { tone: "bad", icon: "bad", title: "Not met" },
  "yours to decide": { tone: "warn", icon: "yours", title: "Yours to decide" },
  met: { tone: "good", icon: "good", title: "Met" },
};

/** What the doctor says of the configuration. */
export function DoctorPanel(): VNode {
  const { value, problem, reload } = useLoaded("doctor", (signal) => client.doctor({}, { signal }));
  const text = useSignal("");
  const only = useSignal<Finding["verdict"] | undefined>(undefined);
  const id = useId();
  const findings = value?.findings ?? [];
  const groups = grouped(findings, text.value).filter(({ verdict }) => only.value === undefined || verdict === only.value);
  const count = (verdict: Finding["verdict"]): number => findings.filter((finding) => finding.verdict === verdict).length;
  return (
    <Panel title="Doctor" class="doctor" aside={<span class="soft">OWASP ASVS 5.0, NIST SP 800-63B-4</span>}>
      {problem !== undefined && <Failed problem={problem} again={reload} />}
      {value === undefined && problem === undefined && <Loading what="Judging" />}
      {value !== undefined && (
        <>
          <div class="filter">
            <div class="segments" role="group" aria-label="Which findings">
              {verdicts.map((verdict) => (
                <button
                  key={verdict}
                  type="button"
                  class={looks[verdict].tone}
                  aria-pressed={only.value === verdict}
                  onClick={() => (only.value = only.value === verdict ? undefined : verdict)}
                >
                  <Icon name={looks[verdict].icon} size={16} />
                  {looks[verdict].title} <b>{count(verdict)}</b>
                </button>
              ))}
            </div>
            <label class="unseen-text" for={id}>
              Only findings with this text
            </label>
            <input
              id={id}
              type="search"
              placeholder="Filter, such as cookie"
              value={text.value}
              onInput={(input) => (text.value = input.currentTarget.value)}
            />
          </div>
          {count("not met") === 0 && <Notice tone="good">Everything that is this server’s own affair is met.</Notice>}
          <div aria-live="polite">{groups.length === 0 && <Empty title="No finding has that. Take the filter away." />}</div>
          {groups.map((group) => (
            <Verdict key={group.verdict} group={group} open={group.verdict === "not met" || only.value !== undefined || text.value.trim() !== ""} />
          ))}
        </>
      )}
    </Panel>
  );
}

function Verdict({ group, open }: { readonly group: Group; readonly open: boolean }): VNode {
  const { tone, icon, title } = looks[group.verdict];
  return (
    <details class={`verdict ${tone}`} open={open}>
      <summary>
        <Icon name={icon} />
        {title} <span class="soft">{group.count}</span>
      </summary>
      {group.areas.map(([area, findings]) => (
        <div key={area} class="area">
          <h3>
            <Text of={area} />
          </h3>
          <ul>
            {findings.map((finding) => (
              <li key={finding.id}>
                <p>
                  <span class="finding-id mono">
                    <Text of={finding.id} />
                  </span>{" "}
                  <Text of={finding.requirement} />
                </p>
                <p class="soft">
                  <Text of={finding.why} />
                </p>
                {finding.fix !== undefined && (
                  <p class="fix">
                    <b>Fix:</b> <Text of={finding.fix} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </details>
  );
}
