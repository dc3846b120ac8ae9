/** Where one is in the console. */
export type Route =
  | { readonly page: "now" }
  | { readonly page: "sessions"; readonly search: Search }
  | { readonly page: "session"; readonly id: string }
  | { readonly page: "health" }
  | { readonly page: "unknown"; readonly path: string };

/** What is looked for on the page of sessions, as its address has it. Texts are never empty; moments are epoch ms. */
export interface Search {
  readonly subject?: string;
  readonly kind?: string;
  readonly address?: string;
  readonly agent?: string;
  readonly after?: number;
  readonly before?: number;
  readonly live?: "true" | "false";
}

const base = "/console/";

/** The route of an address, such as `/console/sessions?kind=web`. Whatever is asked for, there is one. */
export function routeOf(path: string, query = ""): Route {
  const inside = path.startsWith(base) ? path.slice(base.length) : "";
  const [page = "", ...rest] = inside.replace(/\/+$/, "").split("/");
  if (rest.length === 0) {
    if (page === "" || page === "now") return { page: "now" };
    if (page === "health") return { page };
    if (page === "sessions") return { page, search: searchOf(new URLSearchParams(query)) };
  }
  const id = rest.length === 1 && page === "sessions" ? decoded(rest[0] ?? "") : undefined;
  return id === undefined ? { page: "unknown", path } : { page: "session", id };
}

/** The address of a route. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case "session":
      return `${base}sessions/${encodeURIComponent(route.id)}`;
    case "sessions": {
      const query = new URLSearchParams(Object.entries(route.search).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
      return `${base}sessions${query.size === 0 ? "" : `?${query}`}`;
    }
    case "unknown":
      return route.path;
    default:
      return `${base}${route.page}`;
  }
}

function searchOf(query: URLSearchParams): Search {
  const search: { -readonly [Key in keyof Search]: Search[Key] } = {};
  for (const name of ["subject", "kind", "address", "agent"] as const) {
    const value = query.get(name);
    if (value !== null && value !== "") search[name] = value;
  }
  for (const name of ["after", "before"] as const) {
    const value = query.get(name) ?? "";
    if (/^\d{1,15}$/.test(value)) search[name] = Number(value);
  }
  const live = query.get("live");
  if (live === "true" || live === "false") search.live = live;
  return search;
}

function decoded(part: string): string | undefined {
  try {
    return part === "" ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
