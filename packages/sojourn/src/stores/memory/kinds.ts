/** The kinds that the store's sessions have. */
export interface Kinds {
  /** The kind's number; a new one until it is counted and counted out again. */
  numberOf(name: string): number;
  nameOf(kind: number): string;
  /** The number, or `undefined` when no session is of this kind. */
  find(name: string): number | undefined;
  /** Counts a record in (1) or out (-1); `live` when it has not ended. */
  count(kind: number, records: 1 | 0 | -1, live: 1 | 0 | -1): void;
  /** Records of the kind that have not ended. */
  live(name: string): number;
  /** Bytes held, estimated. */
  readonly bytes: number;
}

interface Kind {
  readonly name: string;
  records: number;
  live: number;
}

export function kinds(): Kinds {
  const numbers = new Map<string, number>();
  const known: (Kind | undefined)[] = [];
  const vacant: number[] = [];
  let bytes = 0;
  const bytesOf = (name: string): number => 160 + name.length * 2;

  return {
    numberOf(name) {
      const given = numbers.get(name);
      if (given !== undefined) return given;
      const number = vacant.pop() ?? known.length;
      known[number] = { name, records: 0, live: 0 };
      numbers.set(name, number);
      bytes += bytesOf(name);
      return number;
    },
    nameOf: (kind) => (known[kind] as Kind).name,
    find: (name) => numbers.get(name),
    count(number, records, live) {
      const kind = known[number] as Kind;
      kind.live += live;
      kind.records += records;
      if (kind.records > 0) return;
      numbers.delete(kind.name);
      known[number] = undefined;
      vacant.push(number);
      bytes -= bytesOf(kind.name);
    },
    live(name) {
      const number = numbers.get(name);
      return number === undefined ? 0 : (known[number] as Kind).live;
    },
    get bytes() {
      return bytes;
    },
  };
}
