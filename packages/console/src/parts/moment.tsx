import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { time } from "../state/clock.ts";
import { agoText, momentText, shortMoment } from "../text/times.ts";

/** A moment as seen from now; in full as its title. Epoch ms. Of a thousand of them only those are touched whose text is another than a second ago. */
export function Ago({ at }: { readonly at: number }): VNode {
  const text = useComputed(() => agoText(at, time.value));
  return (
    <time dateTime={new Date(at).toISOString()} title={momentText(at)}>
      {text}
    </time>
  );
}

/** A moment by the clock, with its date unless it is of today, and as seen from now. Epoch ms. */
export function Moment({ at }: { readonly at: number }): VNode {
  const clock = useComputed(() => shortMoment(at, time.value));
  const ago = useComputed(() => `(${agoText(at, time.value)})`);
  return (
    <time dateTime={new Date(at).toISOString()} title={momentText(at)}>
      {clock} <span class="soft">{ago}</span>
    </time>
  );
}
