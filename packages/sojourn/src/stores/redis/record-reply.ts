import type { SessionId, SessionRecord } from "../../core/seam.ts";

const none: readonly string[] = Object.freeze([]);

/** The record in a hash: names, each before its text. @throws {Error} when it is no record */
export function recordOf(id: SessionId, list: readonly string[]): SessionRecord | undefined {
  if (list.length === 0) return undefined;
  // Taking the prototype off afterwards is several times faster than filling an object without one.
  const fields: Record<string, string> = {};
  let version = NaN;
  let kind: string | undefined;
  let subject: string | undefined;
  let wake: number | undefined;
  let epoch = 0;
  let ended: string | undefined;
  let aliases = none;
  let met = first;
  for (let i = 0; i < list.length; i += 2) {
    const text = list[i + 1] as string;
    met = nameAfter(met, list[i] as string);
    if (met.field !== undefined) {
      if (met.field === "__proto__") Object.defineProperty(fields, "__proto__", { value: text, writable: true, enumerable: true, configurable: true });
      else fields[met.field] = text;
      continue;
    }
    switch (met.raw) {
      case "v":
        version = Number(text);
        break;
      case "k":
        kind = text;
        break;
      case "u":
        subject = text;
        break;
      case "w":
        wake = Number(text);
        break;
      case "e":
        ended = text;
        break;
      case "p":
        epoch = Number(text);
        break;
      case "a":
        aliases = everySecond(JSON.parse(text) as readonly string[]);
        break;
      default:
    }
  }
  if (!Number.isSafeInteger(version) || version < 1) throw new Error("its version is no whole number above zero");
  if (kind === undefined) throw new Error("it has no kind");
  if (!Number.isSafeInteger(epoch) || (wake !== undefined && Number.isNaN(wake))) throw new Error("its epoch or its wake is no number");
  return {
    id,
    version,
    kind,
    ...(subject === undefined ? undefined : { subject }),
    ...(wake === undefined ? undefined : { wake }),
    epoch,
    ...(ended === undefined ? undefined : { ended }),
    aliases,
    fields: Object.setPrototypeOf(fields, null) as SessionRecord["fields"],
  };
}

/** A name in hashes. */
interface Name {
  readonly raw: string;
  /** The name without its dot, of what is a field: the same string each time, for an engine looks a new one up before it can use it. */
  readonly field: string | undefined;
  /** What came after it the last time: mostly what comes after it now. */
  next: Name | undefined;
}

const first: Name = { raw: "", field: undefined, next: undefined };
const known = new Map<string, Name>();
/** How many names are remembered. Whoever makes new ones all the time gains nothing. */
const most = 1000;

function nameAfter(before: Name, raw: string): Name {
  if (before.next?.raw === raw) return before.next;
  return (before.next = known.get(raw) ?? learned(raw));
}

function learned(text: string): Name {
  if (known.size === most) {
    known.clear();
    first.next = undefined;
  }
  // A part of a text keeps the whole: a copy does not.
  const raw = Buffer.from(text).toString();
  const name: Name = { raw, field: raw.startsWith(".") ? raw.slice(1) : undefined, next: undefined };
  known.set(raw, name);
  return name;
}

/** What HMGET is asked for to make a record with these fields only. */
export function namesFor(only: readonly string[]): string[] {
  return ["v", "k", "u", "w", "e", "p", "a", ...only.map((name) => `.${name}`)];
}

/** HMGET's answer as HGETALL would give it. */
export function pairsOf(names: readonly string[], reply: unknown): string[] {
  const pairs: string[] = [];
  for (const [i, text] of (reply as readonly (string | null)[]).entries()) if (text !== null) pairs.push(names[i] as string, text);
  return pairs;
}

function everySecond(list: readonly string[]): string[] {
  return list.filter((_, i) => i % 2 === 0);
}
