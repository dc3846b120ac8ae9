import { Buffer } from "node:buffer";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { isWide, sizeOfNumber, sizeOfText, sizeOfValue } from "./sizes.ts";
import { textShapes, type Shape } from "./text-shapes.ts";

/** What the bytes carry. The rest of a record (its kind and its wake) stands in the store's tables. */
export type Carried = Omit<SessionRecord, "kind" | "wake">;

/**
 * Records as bytes:
 *
 * ```
 * flags · id · [subject] · [ended] · [count alias…] · version · [epoch] · (name value)… · 1
 * ```
 *
 * Numbers are varints (7 bits a byte, lowest first), but for the epoch (64-bit float). A text is twice its length, plus 1 if it is wide, and its
 * characters: one byte each, or two if it is wide. That is how the engine holds text itself, and it brings back every text, well-formed or not.
 * A name is 0 and its text, or the number under which the codec knows it: the same few names come in every record. A value is four times its length,
 * plus 1 if it is wide, and its characters; or, where its shape is known and that is shorter, four times the shape's number, plus 2, and what stands in
 * the gaps: numbers, and texts with their lengths.
 */
export interface RecordCodec {
  /** Bytes that `encode` takes for all but the version and the fields. */
  sizeOfHead(record: Carried): number;
  sizeOfFields(fields: Carried["fields"]): number;
  sizeOfField(name: string, value: string): number;
  /** Writes the record to the start of `scratch` and gives its length in bytes: never more than the sizes add up to, and often less. */
  encode(record: Carried): number;
  /** Reads what lies at the start of `scratch`. With `only`, no other fields. */
  decode(kind: string, wake: number | undefined, only?: ReadonlySet<string>): SessionRecord;
  /** The id of what lies at the start of `scratch`. */
  decodeId(): string;
  /** At least so many bytes of scratch space, as words. */
  scratch(bytes: number): Int32Array;
  /** Bytes by which the scratch space would grow for a record of so many. */
  growthFor(bytes: number): number;
  /** Bytes held, the names at their most. */
  readonly bytes: number;
}

const hasSubject = 1;
const hasEnded = 2;
const hasAliases = 4;
const hasEpoch = 8;

const longestName = 64;
/** What a known name may take: its text, its entry in the map, its place in the list. */
const perName = 100 + 2 * longestName;
const firstCode = 2;
const endOfFields = 1;

/** In the last two bits of a value's head. */
const shaped = 2;

/**
 * @param mostNames known names; later ones are spelled out in each record: who chooses names without end must not fill the memory.
 * @param mostShapes known shapes of values.
 */
export function recordCodec(mostNames: number, mostShapes: number): RecordCodec {
  const codes = new Map<string, number>();
  const names: string[] = [];
  const shapes = textShapes(mostShapes);
  let bytes = Buffer.alloc(4096);
  /** The values of a record being decoded: never longer than the record was when it was measured. */
  let plain = Buffer.alloc(4096);
  let words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
  let at = 0;
  const found: { readonly name: string; readonly start: number; readonly end: number; readonly wide: string | undefined }[] = [];

  /** The number of a name; 0 = it is spelled out. A name that got a number keeps it. */
  function codeOf(name: string): number {
    const code = codes.get(name);
    if (code !== undefined) return code;
    if (names.length >= mostNames || name.length > longestName) return 0;
    codes.set(name, names.length + firstCode);
    names.push(name);
    return names.length - 1 + firstCode;
  }

  function sizeOfField(name: string, value: string): number {
    const code = codeOf(name);
    return (code === 0 ? 1 + sizeOfText(name) : sizeOfNumber(code)) + sizeOfValue(value);
  }

  function writeNumber(n: number): void {
    while (n >= 128) {
      bytes[at++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    bytes[at++] = n;
  }

  function writeText(text: string): void {
    const wide = isWide(text);
    writeNumber(text.length * 2 + (wide ? 1 : 0));
    writeCharacters(text, wide);
  }

  function writeCharacters(text: string, wide: boolean): void {
    if (wide) at += bytes.write(text, at, "utf16le");
    else if (text.length > 24) at += bytes.write(text, at, "latin1");
    else for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  }

  function writeValue(text: string): void {
    const shape = shapes.of(text);
    if (shape !== undefined && sizeOfShaped(shape.number, shape.numeric) <= text.length) writeShaped(text, shape);
    else {
      const wide = shape === undefined && isWide(text);
      writeNumber(text.length * 4 + (wide ? 1 : 0));
      writeCharacters(text, wide);
    }
  }

  /** At most; only ever compared with what it takes without its shape. */
  function sizeOfShaped(shape: number, numeric: readonly boolean[]): number {
    let size = sizeOfNumber(shape * 4 + shaped);
    for (let i = 0; i < numeric.length; i++) {
      const length = (shapes.gaps[2 * i + 1] as number) - (shapes.gaps[2 * i] as number);
      size += numeric[i] === true ? length : sizeOfNumber(length) + length;
    }
    return size;
  }

  function writeShaped(text: string, { number, numeric }: Shape): void {
    writeNumber(number * 4 + shaped);
    for (let i = 0; i < numeric.length; i++) {
      const from = shapes.gaps[2 * i] as number;
      const to = shapes.gaps[2 * i + 1] as number;
      if (numeric[i] === true) {
        let n = 0;
        for (let j = from; j < to; j++) n = n * 10 + text.charCodeAt(j) - 48;
        writeNumber(n);
      } else {
        writeNumber(to - from);
        for (let j = from; j < to; j++) bytes[at++] = text.charCodeAt(j);
      }
    }
  }

  /** Copies a value's characters to `plain`, from `to` on. @returns where they end. */
  function readShaped({ pieces, numeric }: Shape, to: number): number {
    let end = to;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Uint8Array;
      for (let j = 0; j < piece.length; j++) plain[end++] = piece[j] as number;
      if (i === numeric.length) break;
      const n = readNumber();
      if (numeric[i] === true) end = writeDigits(n, end);
      else for (const stop = at + n; at < stop;) plain[end++] = bytes[at++] as number;
    }
    return end;
  }

  function writeDigits(n: number, to: number): number {
    let end = to + 1;
    for (let rest = n; rest >= 10; rest = Math.floor(rest / 10)) end++;
    for (let place = end - 1, rest = n; place >= to; place--, rest = Math.floor(rest / 10)) plain[place] = 48 + (rest % 10);
    return end;
  }

  /** Values of one byte a character, one after the other in `plain`: to make one string of all of them and cut it up costs a fraction of making each. */
  function readFields(only: ReadonlySet<string> | undefined): Record<string, string> {
    const fields: Record<string, string> = {};
    found.length = 0;
    let end = 0;
    for (let code = readNumber(); code !== endOfFields; code = readNumber()) {
      const name = code === 0 ? readText() : (names[code - firstCode] as string);
      const head = readNumber();
      const length = Math.floor(head / 4);
      const start = end;
      let wide: string | undefined;
      if (head % 4 === shaped) end = readShaped(shapes.at(length), start);
      else if (head % 4 === 1) {
        wide = bytes.toString("utf16le", at, at + 2 * length);
        at += 2 * length;
      } else {
        bytes.copy(plain, start, at, at + length);
        at += length;
        end += length;
      }
      if (only === undefined || only.has(name)) found.push({ name, start, end, wide });
    }
    const text = plain.toString("latin1", 0, end);
    for (const { name, start, end: stop, wide } of found) setField(fields, name, wide ?? text.slice(start, stop));
    return fields;
  }

  function readNumber(): number {
    let n = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      if (byte < 128) return n + byte * scale;
      n += (byte - 128) * scale;
    }
  }

  function readText(): string {
    const head = readNumber();
    const start = at;
    at += head % 2 === 1 ? head - 1 : head / 2;
    return bytes.toString(head % 2 === 1 ? "utf16le" : "latin1", start, at);
  }

  const growthFor = (size: number): number => (size <= bytes.length ? 0 : Math.max(size + 64, bytes.length * 2) - bytes.length);

  function scratch(size: number): Int32Array {
    if (bytes.length < size) {
      bytes = Buffer.alloc(bytes.length + growthFor(size));
      plain = Buffer.alloc(bytes.length);
      words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
    }
    return words;
  }

  function sizeOfHead({ id, subject, ended, aliases, epoch }: Carried): number {
    let size = 2 + sizeOfText(id) + (epoch === 0 ? 0 : 8);
    if (subject !== undefined) size += sizeOfText(subject);
    if (ended !== undefined) size += sizeOfText(ended);
    if (aliases.length > 0) size += sizeOfNumber(aliases.length);
    for (const alias of aliases) size += sizeOfText(alias);
    return size;
  }

  function sizeOfFields(fields: Carried["fields"]): number {
    let size = 0;
    for (const name in fields) size += sizeOfField(name, fields[name] as string);
    return size;
  }

  return {
    sizeOfHead,
    sizeOfFields,
    sizeOfField,
    encode(record) {
      const { id, subject, ended, aliases, epoch, fields } = record;
      scratch(sizeOfHead(record) + sizeOfNumber(record.version) + sizeOfFields(fields));
      at = 0;
      bytes[at++] =
        (subject === undefined ? 0 : hasSubject) |
        (ended === undefined ? 0 : hasEnded) |
        (aliases.length === 0 ? 0 : hasAliases) |
        (epoch === 0 ? 0 : hasEpoch);
      writeText(id);
      if (subject !== undefined) writeText(subject);
      if (ended !== undefined) writeText(ended);
      if (aliases.length > 0) writeNumber(aliases.length);
      for (const alias of aliases) writeText(alias);
      writeNumber(record.version);
      if (epoch !== 0) at = bytes.writeDoubleLE(epoch, at);
      for (const name in fields) {
        const code = codeOf(name);
        writeNumber(code);
        if (code === 0) writeText(name);
        writeValue(fields[name] as string);
      }
      bytes[at++] = endOfFields;
      return at;
    },
    decode(kind, wake, only) {
      const flags = bytes[0] as number;
      at = 1;
      const id = readText() as SessionId;
      const subject = flags & hasSubject ? readText() : undefined;
      const ended = flags & hasEnded ? readText() : undefined;
      const aliases = Array.from({ length: flags & hasAliases ? readNumber() : 0 }, readText);
      const version = readNumber();
      const epoch = flags & hasEpoch ? bytes.readDoubleLE(at) : 0;
      if (flags & hasEpoch) at += 8;
      const fields = readFields(only);
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
    },
    decodeId() {
      at = 1;
      return readText();
    },
    scratch,
    growthFor: (size) => 2 * growthFor(size),
    get bytes() {
      return 2 * bytes.length + mostNames * perName + shapes.bytes;
    },
  };
}

function setField(fields: Record<string, string>, name: string, text: string): void {
  if (name === "__proto__") Object.defineProperty(fields, name, { value: text, writable: true, enumerable: true, configurable: true });
  else fields[name] = text;
}
