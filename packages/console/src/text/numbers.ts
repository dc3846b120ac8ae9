const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1,234,567. */
export function countText(count: number): string {
  return whole.format(count);
}

/** "1 session", "1,200 sessions". */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A latency: three figures at most, "0.042 ms", "1.25 ms", "310 ms", "2.1 s". Takes ms. */
export function latencyText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(2)} s`;
  if (ms >= 100) return `${Math.round(ms)} ms`;
  if (ms >= 10) return `${ms.toFixed(1)} ms`;
  if (ms >= 1) return `${ms.toFixed(2)} ms`;
  return ms === 0 ? "0 ms" : `${ms.toFixed(3)} ms`;
}

const units = ["B", "kB", "MB", "GB", "TB"];

/** 1,000 bytes are a kB. */
export function bytesText(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toPrecision(2)} ${units[step] ?? ""}`;
}
