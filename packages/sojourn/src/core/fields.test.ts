import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { entriesOf, own } from "./entry.ts";
import { fieldsOf } from "./fields.ts";
import type { SessionRecord } from "./seam.ts";
import { firstSecret } from "./secrets.ts";
import { settingsOf } from "./settings.ts";

const store = memoryStore();
const life = { created: 0, idle: 1, absolute: 1, lifetime: 1, retention: 1 };

function entryOf(fields: Readonly<Record<string, string>>) {
  const record = {
    id: "0".repeat(26),
    version: 1,
    kind: "main:web",
    epoch: 0,
    aliases: [],
    fields: Object.assign(Object.create(null), fields, {
      [own.life]: JSON.stringify(life),
      [own.seen]: "0",
      [own.secret]: JSON.stringify(firstSecret("hash", 0)),
    }) as Record<string, string>,
  } as unknown as SessionRecord;
  return entriesOf(1).of(record);
}

const name = fc.constantFrom("a", "b", "c");
const hostile = fc.oneof(
  fc.string(),
  fc.string().map((text) => `@${text}`),
  fc.tuple(fc.integer({ min: -1, max: 12 }), fc.oneof(fc.json(), fc.string())).map(([version, text]) => `@${version} ${text}`),
  fc.constantFrom("@", "@@", "@ ", "@1", "@1 ", "@01 1", "@1e3 1", `@${"9".repeat(400)} 1`, "@2 {", '@2 {"__proto__":{"x":1}}', "@-1 1", "@NaN 1"),
);

test("whatever stands in a record, no field throws, and what cannot be read is told once a text", () => {
  fc.assert(
    fc.property(fc.dictionary(name, hostile), fc.boolean(), (texts, migrates) => {
      const told: string[] = [];
      const settings = settingsOf({ store, version: 2, ...(migrates ? { migrate: (older: object) => older } : undefined) }, fakeClock());
      const fields = fieldsOf(settings, (_, field) => told.push(field));
      const entry = entryOf(texts);
      const first = fields.data({ entry, pending: undefined });
      const again = fields.data({ entry, pending: undefined });
      expect(again).toEqual(first);
      expect(new Set(told).size).toBe(told.length);
      for (const field of told) expect(first[field]).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test("what is written is read, by this version and by a newer one, and an older one never takes it for its own", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.jsonValue({ maxDepth: 3 }), (written, more, value) => {
      fc.pre(!JSON.stringify(value).includes("__proto__") && !JSON.stringify(value).includes("toJSON"));
      const seen: number[] = [];
      const older = fieldsOf(settingsOf({ store, ...(written === 0 ? undefined : { version: written }) }, fakeClock()), () => expect.unreachable());
      const newer = fieldsOf(settingsOf({ store, version: written + more, migrate: (data, from) => (seen.push(from), data) }, fakeClock()), () =>
        expect.unreachable(),
      );
      const text = older.text("a", value);
      const entry = entryOf({ a: text });
      const read = JSON.parse(JSON.stringify(value)) as unknown;
      expect(older.value({ entry, pending: undefined }, "a")).toEqual(read);
      expect(newer.value({ entry, pending: undefined }, "a")).toEqual(read);
      expect(seen).toEqual([written]);
    }),
  );
});
