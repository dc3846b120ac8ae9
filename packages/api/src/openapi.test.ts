import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { openApi } from "./openapi.ts";
import { operations, paths, type Operation, type OperationName } from "./operations.ts";

const document = openApi("1.2.3") as unknown as {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly security: readonly object[]; readonly responses: object }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};
const described = Object.values(document.paths).flatMap((path) => Object.values(path));

test("is an OpenAPI document to somebody else's validator, and a broken one is not", async () => {
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  const { paths: _, ...without } = structuredClone(document);
  expect(await new Validator().validate({ ...without, paths: { "/v1/x": { get: { responses: "none" } } } })).toMatchObject({ valid: false });
});

test("describes every operation once, by its name", () => {
  expect(described.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(operations).toSorted());
  expect(Object.keys(paths).toSorted()).toEqual(Object.keys(operations).toSorted());
  expect([document.openapi, document.info.version]).toEqual(["3.1.1", "1.2.3"]);
});

test("says of each what it needs, and whose keys may ask", () => {
  for (const { operationId, security } of described) {
    const { roles, ofSession } = operations[operationId as OperationName] as Operation;
    const byPeople = roles !== undefined && ofSession !== true && !/^(createSession|forwardAuth)$/.test(operationId) ? [{ console: [] }] : [];
    expect(security, operationId).toEqual(roles === undefined ? [] : [{ key: [], ...(ofSession === true && { session: [] }) }, ...byPeople]);
    // What shows the data of sessions, or changes keys, is for few.
    if (ofSession === true) expect(roles).toEqual(["app", "admin"]);
    if (operationId.endsWith("Key") || operationId.endsWith("Keys")) expect(roles).toEqual(["admin"]);
    expect(roles?.includes("gateway") ?? false, operationId).toBe(operationId === "forwardAuth");
  }
});

test("every reference in it leads to something in it, and nothing of a schema's own is left", () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, to = ""]) => to);
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) expect(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)).toContain(reference);
  expect(text).not.toMatch(/\$defs|\$schema|"id":"[A-Z]/);
  // A schema has the name that people call the thing by.
  for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(["ApplicationKey", "Event", "Problem", "Session", "SessionInfo"]));
});

describe("the paths", () => {
  test.each(Object.entries(operations))("of %s have the parameters that are described", (name, operation: Operation) => {
    const named = [...paths[name as OperationName].matchAll(/\{(\w+)\}/g)].map(([, part = ""]) => part);
    expect(Object.keys(operation.parameters?.shape ?? {})).toEqual(named);
    // Whose names a client gives all together.
    const all = [
      ...named,
      ...Object.keys(operation.query?.shape ?? {}),
      ...Object.keys(operation.body?.shape ?? {}),
      ...(operation.ofSession ? ["token"] : []),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
