import type { VNode } from "preact";
import { countText, latencyText } from "../../text/numbers.ts";
import { Chart } from "./chart.tsx";
import { lastMinute, recent, type LatencyPoint, type Seen } from "./series.ts";

/** How many began and ended, step by step. */
export function Flow({ seen }: { readonly seen: Seen }): VNode {
  const { at, opened, ended } = recent(seen);
  const minute = lastMinute(seen);
  return (
    <Chart
      curves={[
        { name: "opened", color: "--accent", filled: true },
        { name: "ended", color: "--second" },
      ]}
      data={[at, opened, ended]}
      show={countText}
      least={4}
      told={`Sessions opened and ended in the last five minutes. In the last minute ${minute.opened} opened and ${minute.ended} ended. The table below has the numbers.`}
    />
  );
}

/** How long reads or writes took. */
export function Latency({ points, of }: { readonly points: readonly LatencyPoint[]; readonly of: "reads" | "writes" }): VNode {
  const last = points.at(-1);
  const p50 = points.map((point) => point[`${of}50`]);
  const p99 = points.map((point) => point[`${of}99`]);
  return (
    <Chart
      curves={[
        { name: "half within", color: "--accent" },
        { name: "99 % within", color: "--second", dashed: true },
      ]}
      data={[points.map(({ at }) => at / 1000), p50, p99]}
      show={latencyText}
      unit=" ms"
      least={0.5}
      height={130}
      told={`How long ${of} of the store took. Now: half within ${told(last?.[`${of}50`])}, 99 % within ${told(last?.[`${of}99`])}.`}
    />
  );
}

function told(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "no calls" : latencyText(ms);
}
