import { SojournError } from "./errors.ts";

/** Bounds of what a session may hold; larger is refused by name before the store is called. Sizes are bytes of UTF-8. */
export interface Bounds {
  /** Default 64 kB. */
  readonly field: number;
  /** Default 1 MB. */
  readonly record: number;
  /** How many aliases a session may hold. Default 32. */
  readonly aliases: number;
}
export const defaultBounds: Bounds = { field: 65_536, record: 1_048_576, aliases: 32 };

const depthBound = 64;
const nameBound = 256;

/**
 * The text under which a value is kept: JSON, provided that JSON gives the value back as it was.
 * @throws {SojournError} `invalid_field` naming the path (a Date, Map, bigint, NaN, function, cycle, `__proto__` …), `too_large`
 */
export function textOf(name: string, value: unknown, bounds: Bounds): string {
  checkName(name);
  if (value === undefined) throw refused(name, "is undefined", "Use delete() to take a field away.");
  checkValue(value, name, 0);
  const text = JSON.stringify(value);
  if (text.length * 3 > bounds.field && bytesOf(text) > bounds.field) {
    throw new SojournError(
      "too_large",
      `The field ${JSON.stringify(name)} takes ${bytesOf(text)} bytes; the bound is ${bounds.field}. Keep large things elsewhere and their key here.`,
    );
  }
  return text;
}

/** @throws {SojournError} `invalid_field` when the name cannot be an application's field. */
export function checkName(name: string): void {
  if (typeof name === "string" && name.length > 0 && name.length <= nameBound && name.charCodeAt(0) !== 36 && name !== "__proto__") return;
  throw new SojournError(
    "invalid_field",
    `${JSON.stringify(name)} cannot name a field. Use 1 to ${nameBound} characters that do not begin with "$", and not "__proto__".`,
  );
}

function checkValue(value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw refused(path, `is ${value}`, "JSON has finite numbers only.");
    case "object":
      if (value === null) return;
      if (depth >= depthBound) throw refused(path, `is nested more than ${depthBound} deep, or in itself`, "Keep data flat.");
      if (Array.isArray(value)) checkArray(value, path, depth);
      else checkObject(value, path, depth);
      return;
    default:
      throw refused(path, `is a ${typeof value}`, "Keep strings, numbers, booleans, null, arrays and plain objects.");
  }
}

function checkArray(value: readonly unknown[], path: string, depth: number): void {
  for (let i = 0; i < value.length; i++) {
    if (value[i] === undefined) throw refused(`${path}[${i}]`, "is undefined", "JSON would make it null; write null.");
    checkValue(value[i], `${path}[${i}]`, depth + 1);
  }
}

function checkObject(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const kind = (value as { constructor?: { name?: unknown } }).constructor?.name;
    throw refused(path, `is a ${typeof kind === "string" && kind !== "" ? kind : "class instance"}`, "Only plain objects come back from JSON as they were.");
  }
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === "symbol") throw refused(path, "has a symbol as a key", "JSON would drop it.");
    const inner = `${path}.${key}`;
    if (key === "__proto__") throw refused(inner, "is a key that can change other objects", "Leave it out.");
    if (key === "toJSON" && typeof (value as { toJSON: unknown }).toJSON === "function") throw refused(path, "has a toJSON method", "Store what it returns.");
    const property = (value as Record<string, unknown>)[key];
    // A property that is undefined reads as undefined afterwards too.
    if (property !== undefined) checkValue(property, inner, depth + 1);
  }
}

function refused(path: string, what: string, fix: string): SojournError {
  return new SojournError("invalid_field", `The field ${path} ${what}, which cannot be kept in a session. ${fix}`);
}

/** The value of a text, deeply frozen: it may be shared between requests. @throws SyntaxError when the text is not JSON */
export function valueOf(text: string): unknown {
  return freeze(JSON.parse(text));
}

/** The same value, frozen to its depths. */
export function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

/** UTF-8 bytes of a text. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();
