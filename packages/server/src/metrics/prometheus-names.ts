/** UCUM units as Prometheus writes them out. */
const units: ReadonlyMap<string, string> = new Map([
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["By", "bytes"],
]);

/**
 * What a metric of OpenTelemetry is called in Prometheus (OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"): what is no letter, digit
 * or underscore becomes one underscore, the unit is written out at the end, `_total` follows on counters. A unit in braces says what is counted, and is left out.
 */
export function prometheusName(name: string, unit: string, sort: "counter" | "gauge" | "histogram"): string {
  const parts = [plain(name)];
  const suffix = unit.startsWith("{") ? "" : (units.get(unit) ?? plain(unit));
  if (suffix !== "" && !parts[0]?.endsWith(`_${suffix}`)) parts.push(suffix);
  if (sort === "counter" && !parts.join("_").endsWith("_total")) parts.push("total");
  return parts.join("_");
}

/** What an attribute is called as a label. */
export function labelName(attribute: string): string {
  return plain(attribute);
}

function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, "_").replace(/^(?=\d)/, "_");
}
