import { dirname, join } from "node:path";

/** The packages as their manifests tell: by folder ("packages/sojourn", "bench", "examples/express", "" for the root). */
export type House = ReadonlyMap<string, { readonly name: string; readonly production: ReadonlySet<string>; readonly development: ReadonlySet<string> }>;

/** Where a file stands. */
interface Place {
  /** A package's folder, or "test". */
  readonly home: string;
  /** In packages/sojourn: core, stores, http, … or "entry"; in packages/gateways: "gateways"; elsewhere "". */
  readonly layer: string;
  /** The store, framework or gateway that the file belongs to. */
  readonly adapter: string | undefined;
  readonly test: boolean;
}

/** These layers are made of adapters, one folder each, over the files in the layer's root. */
const adapted: ReadonlySet<string> = new Set(["stores", "http", "gateways"]);

/** The doors to the platform, and where each is one. */
const doors: Readonly<Record<string, string>> = { "#platform": "/core/platform/", "#sealing": "/sealed/platform/" };

/** Adapters that are made of another layer's root: what rests encrypted is sealed as what travels is. */
const made: Readonly<Record<string, string>> = { "stores/encrypted": "sealed" };

/** Whose code may name which other packages of ours in production; the server names all. */
const mayName: Readonly<Record<string, readonly string[]>> = {
  "packages/sojourn": [],
  "packages/gateways": ["sojourn"],
  "packages/api": ["sojourn"],
  "packages/console": ["@sojourn/client"],
  "packages/extension": ["@sojourn/client"],
};

/**
 * Why a file must not import this, or undefined when it may.
 *
 * Everything may import core, and core nothing else. An adapter imports core, its own folder and the files directly in its layer's root. Only the server
 * assembles, and nobody imports it. Packages name each other, and what they name is declared; packages/sojourn names nobody.
 * A test may import anything of its own package, our other packages, and what the root declares for development. No production code imports a test.
 */
export function violation(path: string, specifier: string, house: House): string | undefined {
  const from = placeOf(path);
  if (specifier === "(computed)") return from.test || from.home === "packages/server" ? undefined : "a computed import hides what it imports";
  if (specifier.startsWith(".")) return relative(path, from, join(dirname(path), specifier));
  if (specifier.startsWith("node:")) {
    if (from.test || Object.values(doors).some((folder) => path.includes(folder))) return undefined;
    if (from.layer === "core") return "core reaches the platform through #platform only";
    return from.layer === "sealed" ? "sealed reaches the platform through #sealing only" : undefined;
  }
  if (specifier.startsWith("#")) return from.home === "packages/sojourn" && specifier in doors ? undefined : "there is no such door";
  return named(from, specifier, house);
}

export function placeOf(path: string): Place {
  // The builds leave .mjs alone: in src such a file is the child process of a test. A fixture is what several tests share. What a build is told is no part of it.
  const test = /\.(test|fixture)\.tsx?$|^packages\/[^/]+\/(src\/.*\.mjs|scripts\/.*\.mjs|vite\.config\.ts)$/.test(path) || path.startsWith("test/");
  const [top = "", name = "", ...rest] = path.split("/");
  if (top !== "packages")
    return { home: top === "examples" ? `${top}/${name}` : rest.length + name.length === 0 ? "" : top, layer: "", adapter: undefined, test };
  const inside = rest[0] === "src" ? rest.slice(1) : rest;
  const home = `packages/${name}`;
  if (name === "gateways") return { home, layer: "gateways", adapter: inside.length > 1 ? inside[0] : undefined, test };
  if (name !== "sojourn") return { home, layer: "", adapter: undefined, test };
  const layer = inside.length > 1 ? (inside[0] ?? "") : "entry";
  return { home, layer, adapter: adapted.has(layer) && inside.length > 2 ? inside[1] : undefined, test };
}

function relative(path: string, from: Place, target: string): string | undefined {
  const to = placeOf(target);
  if (to.home !== from.home) return "packages import each other by name";
  if (from.test || target === `${from.home}/package.json`) return undefined;
  if (to.test) return "production code imports a test";
  for (const [door, folder] of Object.entries(doors)) if (target.includes(folder) && !path.includes(folder)) return `the platform has one door: ${door}`;
  if (to.layer === "core") return undefined;
  if (made[`${from.layer}/${from.adapter}`] === to.layer) return undefined;
  if (to.layer !== from.layer) return `${from.layer} imports ${to.layer}; it may import core`;
  if (to.adapter === undefined || to.adapter === from.adapter) return undefined;
  return from.adapter === undefined ? `the root of ${from.layer} imports an adapter` : "an adapter imports its sibling";
}

function named(from: Place, specifier: string, house: House): string | undefined {
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const { production, development, name: own } = house.get(from.home) ?? { production: new Set(), development: new Set(), name: undefined };
  const home = [...house].find(([, manifest]) => manifest.name === name)?.[0];
  if (home === undefined) {
    if (from.home === "packages/sojourn" && !from.test) return "the library imports no third party, not even a type";
    if (production.has(name)) return undefined;
    const allowed = from.test || !from.home.startsWith("packages/") ? development.has(name) || house.get("")?.development.has(name) : false;
    return allowed ? undefined : `${name} is not declared in ${from.home}/package.json`;
  }
  if (home === "packages/server" && !from.test) return "nobody imports the server";
  if (from.test || !from.home.startsWith("packages/")) return undefined;
  if (name === own) return "a package's own files are imported by relative path";
  const may = mayName[from.home];
  if (may !== undefined && !may.includes(specifier)) return `${from.home} may name ${may.join(", ") || "no package"}, not ${specifier}`;
  return production.has(name) ? undefined : `${name} is not declared in ${from.home}/package.json`;
}
