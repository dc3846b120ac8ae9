import { useComputed, useSignal } from "@preact/signals";
import type { ComponentType, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Loading, Notice } from "../../parts/notice.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Text } from "../../parts/text.tsx";
import { time } from "../../state/clock.ts";
import { countText, counted } from "../../text/numbers.ts";
import { lengthText, momentText } from "../../text/times.ts";
import { followLive, heard, latencies, lost, seen } from "./live.ts";
import { byMinute, reasonsOf, type LatencyPoint, type Seen } from "./series.ts";
import { Tiles } from "./tiles.tsx";

interface Charts {
  readonly Flow: ComponentType<{ readonly seen: Seen }>;
  readonly Latency: ComponentType<{ readonly points: readonly LatencyPoint[]; readonly of: "reads" | "writes" }>;
}

/** What happens now. */
export function NowPage(): VNode {
  const charts = useSignal<Charts | undefined>(undefined);
  const paused = useSignal(false);
  useEffect(() => {
    void import("./charts.tsx").then(({ Flow, Latency }) => (charts.value = { Flow, Latency }));
  }, []);
  useEffect(() => (paused.value ? undefined : followLive()), [paused.value]);
  const shown = seen.value;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Now</h1>
        <State paused={paused.value} />
        <button type="button" class="quiet" onClick={() => (paused.value = !paused.value)}>
          <Icon name={paused.value ? "play" : "pause"} size={16} />
          {paused.value ? "Go on" : "Pause"}
        </button>
      </header>
      {lost.value !== undefined && !paused.value && (
        <Notice tone="warn">
          Nothing was heard since {heard.value === 0 ? "this page was opened" : momentText(heard.value)}: what stands here is old. {lost.value} It is tried
          again by itself.
        </Notice>
      )}
      {shown === undefined ? <Loading what="Listening to the server" /> : <Sight shown={shown} charts={charts.value} />}
    </div>
  );
}

function State({ paused }: { readonly paused: boolean }): VNode {
  const silent = useComputed(() => heard.value > 0 && time.value - heard.value > 7000);
  const stale = lost.value !== undefined || silent.value;
  if (paused) return <span class="state plain">Paused, as of {momentText(heard.value)}</span>;
  if (heard.value === 0) return <span class="state plain">Connecting</span>;
  return stale ? <span class="state warn">Stale for {lengthText(time.value - heard.value)}</span> : <span class="state good">Live</span>;
}

function Sight({ shown, charts }: { readonly shown: Seen; readonly charts: Charts | undefined }): VNode {
  return (
    <>
      <Tiles seen={shown} />
      <div class="columns wide-first">
        <Panel title={`Opened and ended, every ${shown.step === 1000 ? "second" : lengthText(shown.step)}`}>
          <div class="chart-room tall">{charts === undefined ? <Loading what="Drawing" /> : <charts.Flow seen={shown} />}</div>
          <Minutes shown={shown} />
        </Panel>
        <Reasons shown={shown} />
      </div>
      <div class="columns">
        {(["reads", "writes"] as const).map((of) => (
          <Panel
            key={of}
            title={of === "reads" ? "Store reads" : "Store writes"}
            aside={<span class="soft">{counted(shown[of].count, "call")} in the last minute</span>}
          >
            <div class="chart-room">{charts === undefined ? null : <charts.Latency points={latencies.value} of={of} />}</div>
          </Panel>
        ))}
      </div>
      <p class="soft small">
        Of this server's own process, counting since {momentText(shown.since)}. Sessions of others on the same store are counted where the store tells of them.
      </p>
    </>
  );
}

function Reasons({ shown }: { readonly shown: Seen }): VNode {
  const reasons = reasonsOf(shown);
  return (
    <Panel title="Why they ended">
      {reasons.length === 0 ? (
        <Empty title="Nothing has ended yet." />
      ) : (
        <ul class="bars">
          {reasons.map(({ reason, count, share }) => (
            <li key={reason}>
              <span class="bar-name">
                <Text of={reason} />
              </span>
              <span class="bar-number">{countText(count)}</span>
              <span class="bar" aria-hidden="true">
                <span style={{ width: `${Math.max(1, share * 100)}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Minutes({ shown }: { readonly shown: Seen }): VNode {
  return (
    <details class="as-table">
      <summary>As a table</summary>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Minute from</th>
            <th scope="col" class="number">
              Opened
            </th>
            <th scope="col" class="number">
              Ended
            </th>
          </tr>
        </thead>
        <tbody>
          {byMinute(shown).map(({ from, opened, ended }) => (
            <tr key={from}>
              <th scope="row">{momentText(from)}</th>
              <td class="number">{countText(opened)}</td>
              <td class="number">{countText(ended)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
