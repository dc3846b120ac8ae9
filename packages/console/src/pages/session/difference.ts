/** One place in which two values differ. */
export interface Difference {
  /** As in `cart[0].sku`. */
  readonly path: string;
  /** What going back to `kept` does to it. */
  readonly change: "added" | "removed" | "changed" | "same";
  readonly now?: unknown;
  readonly kept?: unknown;
}

/** How deep two values are compared; what is deeper is shown whole. */
const depths = 6;

/** Where two JSON values differ, as places with what stands there. Undefined: there is none. A place where nothing differs is told once, whole. */
export function differencesOf(path: string, now: unknown, kept: unknown, depth = 0): readonly Difference[] {
  if (now === undefined) return kept === undefined ? [] : [{ path, change: "added", kept }];
  if (kept === undefined) return [{ path, change: "removed", now }];
  if (same(now, kept)) return [{ path, change: "same", now, kept }];
  if (depth < depths && Array.isArray(now) && Array.isArray(kept)) {
    const longer = Math.max(now.length, kept.length);
    return Array.from({ length: longer }, (_, i) => differencesOf(`${path}[${i}]`, now[i], kept[i], depth + 1)).flat();
  }
  if (depth < depths && isObject(now) && isObject(kept)) {
    const names = [...new Set([...Object.keys(now), ...Object.keys(kept)])];
    return names.flatMap((name) => differencesOf(`${path}.${name}`, own(now, name), own(kept, name), depth + 1));
  }
  return [{ path, change: "changed", now, kept }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Of JSON values. The order of an object's names says nothing. */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}
