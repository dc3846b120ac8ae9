import { batch, signal, type ReadonlySignal } from "@preact/signals";
import { client } from "../../state/client.ts";
import { follow } from "../../state/follow.ts";
import { pointOf, withPoint, type LatencyPoint, type Seen } from "./series.ts";

const last = signal<Seen | undefined>(undefined);
const points = signal<readonly LatencyPoint[]>([]);
const heardAt = signal(0);
const lostWhy = signal<string | undefined>(undefined);

/** The last that was heard. */
export const seen: ReadonlySignal<Seen | undefined> = last;
/** The latencies of the last minutes, as far as this page looked. */
export const latencies: ReadonlySignal<readonly LatencyPoint[]> = points;
/** When it was heard: epoch ms, by the clock here. */
export const heard: ReadonlySignal<number> = heardAt;
/** Why nothing is heard any more; undefined while all is well. */
export const lost: ReadonlySignal<string | undefined> = lostWhy;

/** How often who wants less motion sees it move, in ms. */
const calm = 5000;

/** Follows until the answer is called. */
export function followLive(): () => void {
  const leaving = new AbortController();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  void follow(
    {
      open: (from) => client.followNow({}, { signal: from }),
      onMessage(message) {
        batch(() => {
          points.value = withPoint(points.value, pointOf(message));
          lostWhy.value = undefined;
          if (still.matches && last.value !== undefined && Date.now() - heardAt.value < calm) return;
          last.value = message;
          heardAt.value = Date.now();
        });
      },
      onLost(why) {
        lostWhy.value = why;
      },
    },
    leaving.signal,
  );
  return () => leaving.abort();
}
