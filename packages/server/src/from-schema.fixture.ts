import fc from "fast-check";

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly examples?: readonly unknown[];
}

/** Texts that have broken something somewhere: paths, names of prototypes, controls, markup, statements. */
const hostile = [
  "",
  " ",
  "0",
  "-1",
  "..",
  "../..",
  "%00",
  "%2F",
  "\0",
  "\r\nSet-Cookie: a=b",
  "__proto__",
  "constructor",
  "toString",
  "a:b",
  "$floor",
  "main:$key",
  "<img src=x onerror=alert(1)>",
  "' OR 1=1 --",
  "null",
  "1e999",
  "\u202e",
  "\ud83d\ude00",
  "x".repeat(5_000),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme" }) },
  { weight: 1, arbitrary: fc.stringMatching(/^[0-9a-z]{26}$/) },
);

/** Mostly what the schema allows, and else whatever JSON there is. */
export function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 15, arbitrary: allowed(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function allowed(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(anyOf));
  if (schema.examples !== undefined) return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...schema.examples) }, { weight: 1, arbitrary: hostileText });
  switch (schema.type) {
    case "object":
      return objectOf(schema);
    case "array":
      return fc.array(anyOf(schema.items ?? {}), { maxLength: 5 });
    case "string":
      return fc.oneof({ weight: 8, arbitrary: fc.constantFrom("web", "ada", "30s", "10") }, { weight: 1, arbitrary: hostileText });
    case "integer":
      return fc.oneof(fc.integer({ min: 1, max: 3 }), fc.maxSafeInteger());
    case "number":
      return fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.double());
    case "boolean":
      return fc.boolean();
    default:
      return fc.jsonValue();
  }
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  if (Object.keys(properties).length === 0)
    return fc.dictionary(fc.oneof({ weight: 8, arbitrary: fc.constantFrom("a", "b", "cart") }, { weight: 1, arbitrary: hostileText }), fc.jsonValue(), {
      maxKeys: 3,
    });
  const parts = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, anyOf(schema)]));
  // Now and then one that is needed is not there.
  return fc.oneof(
    { weight: 5, arbitrary: fc.record(parts, { requiredKeys: [...required] }) },
    { weight: 1, arbitrary: fc.record(parts, { requiredKeys: [] }) },
  );
}
