import { SojournError } from "./errors.ts";

/**
 * What a field's value must be: any validator that speaks Standard Schema (https://standardschema.dev), such as those of Zod, Valibot and ArkType.
 * It must answer at once, and accept what it gives back.
 */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<T> | Promise<Validated<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

type Validated<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema for each field that has one. Fields are written one by one, by several requests at once, so they are judged one by one. */
export type Schemas<Data> = { readonly [Name in keyof Data]?: StandardSchema<Data[Name]> };

/** A value that a schema let pass, as the schema gives it back; or the path at which it did not. */
export type Checked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly path: string };

/**
 * Asks a schema about the value of a field. What the schema says of a bad value is not passed on: such messages often quote the value.
 * @throws {SojournError} `invalid_option` when the schema answers later.
 */
export function check(name: string, schema: StandardSchema<unknown>, value: unknown): Checked {
  const result = schema["~standard"].validate(value);
  if ("then" in result) {
    // Nobody waits for it.
    result.catch(() => undefined);
    throw new SojournError("invalid_option", `The schema of ${name} answers with a promise. A session's fields are read at once: use a synchronous schema.`);
  }
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, path: pathOf(name, result.issues[0]) };
}

function pathOf(name: string, issue: Issue | undefined): string {
  let path = name;
  for (const step of issue?.path ?? []) {
    const key = typeof step === "object" ? step.key : step;
    path += typeof key === "number" ? `[${key}]` : `.${String(key)}`;
  }
  return path;
}
