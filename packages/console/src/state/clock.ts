import { signal, type ReadonlySignal } from "@preact/signals";

const ticking = signal(Date.now());
setInterval(() => {
  ticking.value = Date.now();
}, 1000);

/** Epoch ms, of the last full second: what shows it moves with it. */
export const time: ReadonlySignal<number> = ticking;
