import { parseAst } from "vitest/node";

/** Every specifier that a module names: import, export … from, import(), import type, type X = import("…"), require(). Comments and strings do not count. */
export function importsOf(source: string, path: string): readonly string[] {
  const found: string[] = [];
  // oxlint-disable-next-line typescript/no-deprecated -- of the parsers, vitest hands on this one
  visit(parseAst(source, { lang: path.endsWith(".tsx") ? "tsx" : path.endsWith(".ts") ? "ts" : "js" }), found);
  return found;
}

interface Node {
  readonly type?: unknown;
  readonly source?: unknown;
  readonly callee?: unknown;
  readonly arguments?: unknown;
  readonly expression?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
}

function visit(node: unknown, found: string[]): void {
  if (typeof node !== "object" || node === null) return;
  const { type, source, callee, arguments: given, expression } = node as Node;
  if (type === "TSExternalModuleReference") note(expression, found);
  else if (type === "CallExpression" && Array.isArray(given) && (callee as Node).name === "require") note(given[0], found);
  else if (typeof type === "string" && /^(Import|Export\w+)Declaration$|^ImportExpression$|^TSImportType$/.test(type)) note(source, found);
  for (const child of Object.values(node)) visit(child, found);
}

function note(literal: unknown, found: string[]): void {
  if (typeof literal !== "object" || literal === null) return;
  const { value } = literal as Node;
  found.push(typeof value === "string" ? value : "(computed)");
}
