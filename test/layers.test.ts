import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf } from "./imports.ts";
import { type House, violation } from "./layers.ts";
import { filesUnder, root } from "./tree.ts";

const files = filesUnder();
const modules = new Map(
  files.filter((path) => /\.(ts|tsx|mts|js|mjs)$/.test(path)).map((path) => [path, importsOf(readFileSync(join(root, path), "utf8"), path)]),
);
const house = readHouse();

test("who imports whom keeps to the layers", () => {
  const found = [...modules].flatMap(([path, specifiers]) =>
    specifiers.flatMap((specifier) => {
      const why = violation(path, specifier, house);
      return why === undefined ? [] : [`${path} imports ${specifier}: ${why}`];
    }),
  );
  expect(found).toEqual([]);
  expect(modules.size).toBeGreaterThan(20);
});

test("what runs on Workers reaches no node: module", () => {
  const entries = ["index.ts", "http/http.ts", "http/fetch/fetch.ts", "sealed/sealed.ts", "otel/otel.ts"].map((path) => `packages/sojourn/src/${path}`);
  const reached = new Set(entries.filter((path) => modules.has(path)));
  const found: string[] = [];
  for (const path of reached) {
    for (const specifier of modules.get(path) ?? []) {
      if (specifier === "#platform") reached.add("packages/sojourn/src/core/platform/web.ts");
      else if (specifier === "#sealing") reached.add("packages/sojourn/src/sealed/platform/web.ts");
      else if (specifier.startsWith(".")) reached.add(join(dirname(path), specifier));
      else found.push(`${path} imports ${specifier}`);
    }
  }
  expect(found).toEqual([]);
});

describe("a planted violation is found", () => {
  const library = "packages/sojourn/src";
  test.each([
    [`${library}/core/x.ts`, `import { hash } from "node:crypto";`, "core reaches the platform through #platform only"],
    [`${library}/core/x.ts`, `import { sha256 } from "./platform/node.ts";`, "the platform has one door: #platform"],
    [`${library}/sealed/x.ts`, `import { hkdfSync } from "node:crypto";`, "sealed reaches the platform through #sealing only"],
    [`${library}/stores/lmdb/x.ts`, `import { boxOf } from "../../sealed/box.ts";`, "stores imports sealed; it may import core"],
    [`${library}/stores/encrypted/x.ts`, `import "../../http/cookie.ts";`, "stores imports http; it may import core"],
    [`${library}/core/x.ts`, `import type { Memory } from "../stores/memory/memory.ts";`, "core imports stores; it may import core"],
    [`${library}/index.ts`, `export { memoryStore } from "./stores/memory/memory.ts";`, "entry imports stores; it may import core"],
    [`${library}/stores/lmdb/lmdb.ts`, `const { x } = await import("../memory/memory.ts");`, "an adapter imports its sibling"],
    [`${library}/stores/lmdb/lmdb.ts`, `import { cookie } from "../../http/cookie.ts";`, "stores imports http; it may import core"],
    [`${library}/http/http.ts`, `export * from "./node/node.ts";`, "the root of http imports an adapter"],
    [`${library}/testing/x.ts`, `import "../stores/memory/memory.ts";`, "testing imports stores; it may import core"],
    [`${library}/otel/x.ts`, `import type { Memory } from "../stores/memory/memory.ts";`, "otel imports stores; it may import core"],
    [`${library}/otel/x.ts`, `import type { Meter } from "@opentelemetry/api";`, "the library imports no third party, not even a type"],
    [`${library}/core/x.ts`, `import { x } from "./x.test.ts";`, "production code imports a test"],
    [`${library}/stores/lmdb/lmdb.ts`, `type Database = import("lmdb").Database;`, "the library imports no third party, not even a type"],
    [`${library}/stores/lmdb/lmdb.ts`, `import fs = require("fs");`, "the library imports no third party, not even a type"],
    [`${library}/stores/lmdb/lmdb.ts`, `import type { Store } from "sojourn";`, "a package's own files are imported by relative path"],
    [`${library}/core/x.ts`, `await import(name);`, "a computed import hides what it imports"],
    [`${library}/core/x.test.ts`, `import chalk from "chalk";`, "chalk is not declared in packages/sojourn/package.json"],
    ["packages/server/src/x.ts", `import { x } from "../../sojourn/src/index.ts";`, "packages import each other by name"],
    ["packages/server/src/x.ts", `import chalk from "chalk";`, "chalk is not declared in packages/server/package.json"],
    ["packages/gateways/src/sms/sms.ts", `import { x } from "../sip/codec.ts";`, "an adapter imports its sibling"],
    ["packages/gateways/src/sms/sms.ts", `import { x } from "sojourn/http";`, "packages/gateways may name sojourn, not sojourn/http"],
    ["packages/api/src/x.ts", `import type { Config } from "@sojourn/server";`, "nobody imports the server"],
    ["bench/x.mjs", `import { serve } from "@sojourn/server";`, "nobody imports the server"],
    ["bench/x.mjs", `import "../packages/sojourn/dist/index.js";`, "packages import each other by name"],
    ["examples/express/app.mjs", `import "../hono/app.mjs";`, "packages import each other by name"],
  ])("%s: %s", (path, source, why) => {
    const planted = new Map([...house, ["packages/server", house.get("packages/server") ?? { ...nothing, name: "@sojourn/server" }] as const]);
    expect(importsOf(source, path).map((specifier) => violation(path, specifier, planted))).toEqual([why]);
  });

  test("and what is allowed, or only looks like an import, is not", () => {
    const source = `
      /** import { x } from "lmdb" */
      import type { Store } from "../../core/seam.ts";
      import { helper } from "./helper.ts";
      import { shared } from "../shared.ts";
      import { createHash } from "node:crypto";
      const text = 'import "lmdb"';`;
    const path = `${library}/stores/lmdb/lmdb.ts`;
    const specifiers = importsOf(source, path);
    expect(specifiers).toEqual(["../../core/seam.ts", "./helper.ts", "../shared.ts", "node:crypto"]);
    expect(specifiers.map((specifier) => violation(path, specifier, house))).toEqual([undefined, undefined, undefined, undefined]);
    const lmdbTest = `${library}/stores/lmdb/lmdb.test.ts`;
    expect(["lmdb", "vitest", "../../testing/testing.ts", "../memory/memory.ts"].map((specifier) => violation(lmdbTest, specifier, house))).toEqual(
      Array(4).fill(undefined),
    );
  });
});

const nothing = { production: new Set<string>(), development: new Set<string>() };

function readHouse(): House {
  const manifests = files.filter((path) => path.endsWith("package.json"));
  return new Map(
    manifests.map((path) => {
      const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, Record<string, string>> & { name: string };
      const production = ["dependencies", "peerDependencies", "optionalDependencies"].flatMap((key) => Object.keys(manifest[key] ?? {}));
      const folder = dirname(path) === "." ? "" : dirname(path);
      return [folder, { name: manifest.name, production: new Set(production), development: new Set(Object.keys(manifest["devDependencies"] ?? {})) }];
    }),
  );
}
