import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { isDark } from "../../state/theme.ts";
import { roundTop } from "./round-top.ts";
import { span } from "./series.ts";

/** One curve. */
export interface Curve {
  readonly name: string;
  /** A custom property of the page, such as `--accent`. */
  readonly color: string;
  readonly dashed?: boolean;
  readonly filled?: boolean;
}

/** What a chart shows. */
export interface ChartProps {
  readonly curves: readonly Curve[];
  /** Seconds since the epoch, then each curve's values. */
  readonly data: uPlot.AlignedData;
  readonly show: (value: number) => string;
  /** What stands after a number at the axis. */
  readonly unit?: string;
  /** What can be seen in it, in a sentence. */
  readonly told: string;
  /** The least that the scale reaches to. */
  readonly least: number;
  readonly height?: number;
}

/** Curves over the last five minutes. Pointing at one moment shows its values. */
export function Chart({ curves, data, show, unit = "", told, least, height = 200 }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  const pointed = useSignal<number | undefined>(undefined);
  const dark = isDark();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(
      {
        ...optionsOf(element, curves, unit, least),
        width: element.clientWidth,
        height,
        hooks: { setCursor: [({ cursor }) => (pointed.value = cursor.idx ?? undefined)] },
      },
      latest.current,
      element,
    );
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
    // Curves, scale and size are one chart's for life.
  }, [dark]);
  useEffect(() => chart.current?.setData(data), [data]);
  const index = pointed.value ?? data[0].length - 1;
  return (
    <figure class="chart">
      <figcaption class="legend">
        {curves.map(({ name, color, dashed }, i) => (
          <span key={name} class="legend-item">
            <svg width="18" height="8" aria-hidden="true">
              <line x1="0" y1="4" x2="18" y2="4" stroke={`var(${color})`} stroke-width="2.5" stroke-dasharray={dashed === true ? "4 3" : "none"} />
            </svg>
            {name} <b>{valueText(data[i + 1]?.[index], show)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="chart-place" role="img" aria-label={told} />
    </figure>
  );
}

function valueText(value: number | null | undefined, show: (value: number) => string): string {
  return value === null || value === undefined ? "–" : show(value);
}

function optionsOf(element: HTMLElement, curves: readonly Curve[], unit: string, least: number): Omit<uPlot.Options, "width" | "height"> {
  const soft = colorOf(element, "--soft");
  const line = colorOf(element, "--line");
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const common: uPlot.Axis = { stroke: soft, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
    padding: [8, 8, 0, 0],
    scales: {
      // Always the last five minutes, however much of them is known.
      x: { range: (_, _low, high) => [(high ?? 0) - span / 1000, high ?? 0] },
      y: { range: (_, _low, high) => [0, roundTop(Math.max(least, (high ?? 0) * 1.05))] },
    },
    axes: [
      {
        ...common,
        grid: { show: false },
        space: 70,
        size: 28,
        values: (chart, splits) => splits.map((at) => (at - (chart.scales["x"]?.min ?? 0) < span / 20_000 ? "" : clock.format(at * 1000))),
      },
      {
        ...common,
        size: 58,
        gap: 8,
        values: (_, splits) => splits.map((value) => `${Number(value.toPrecision(3))}${unit}`),
        splits: (_, _i, low, high) => [low, high / 2, high],
      },
    ],
    series: [
      {},
      ...curves.map(({ name, color, dashed, filled }): uPlot.Series => {
        const stroke = colorOf(element, color);
        return {
          label: name,
          stroke,
          width: 2,
          points: { show: false },
          spanGaps: false,
          ...(dashed === true && { dash: [4, 4] }),
          ...(filled === true && { fill: stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)") }),
        };
      }),
    ],
  };
}

const clock = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** What the page makes of a custom property here: rgb(…). */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
