/**
 * What `make` gives, made once in a process however often its module is evaluated: Next.js does that after each change in development, and once for each
 * bundle that imports it. For stores, connections and managers, which there must be one of. It lies in `globalThis` under `Symbol.for("sojourn." + name)`.
 */
export function keptOnReload<T>(name: string, make: () => T): T {
  const place: Record<symbol, unknown> = globalThis;
  const key = Symbol.for(`sojourn.${name}`);
  if (!Object.hasOwn(place, key)) Object.defineProperty(place, key, { value: make(), configurable: true });
  return place[key] as T;
}
