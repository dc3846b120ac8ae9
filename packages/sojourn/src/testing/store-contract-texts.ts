import { deepEqual, equal } from "node:assert/strict";
import type { SessionId } from "../core/seam.ts";
import { everyRecord, scene, wordOf, type StoreCheck } from "./store-harness.ts";

/**
 * Every well-formed Unicode text must come back as it was. Lone surrogates need not: the manager refuses them in names, subjects and aliases,
 * and a field's value is JSON, which has none.
 */
const texts: readonly string[] = [
  "",
  " ",
  "Grüße, Łódź, 東京, עברית, 👩‍👩‍👧, e\u0301",
  "\u0000\u0001\t\r\n\u001f\u007f\u0080\u009f\u00ff",
  "\u2028\u2029\ufeff\ufffd\ufffe\uffff",
  "{tag} 'quote' \"quote\" \\ % _ * > . : / ? # [ ] ;--",
  "__proto__",
];

/** Text is kept as it is, wherever it stands. */
export const textPromises: Readonly<Record<string, StoreCheck>> = {
  "text: every well-formed value of a field comes back as it was": scene(async ({ a, b, create, load }) => {
    const fields = Object.fromEntries(texts.map((text, i) => [`f${i}`, text]));
    const id = await create({ set: fields });
    deepEqual({ ...(await load(id)).fields }, fields);
    await a.commit({ id, expect: "live", set: { f0: texts[2]!, f2: "" } });
    deepEqual({ ...(await b.load(id))?.fields }, { ...fields, f0: texts[2], f2: "" });
  }),

  "text: so does every well-formed name of a field": scene(async ({ a, create, load }) => {
    const id = await create();
    for (const [i, name] of texts.entries()) await a.commit({ id, expect: "live", set: Object.fromEntries([[name, String(i)]]) });
    const { fields } = await load(id);
    deepEqual(Object.keys(fields).toSorted(), texts.toSorted());
    for (const [i, name] of texts.entries()) equal(fields[name], String(i));
    await a.commit({ id, expect: "live", unset: texts });
    deepEqual(Object.keys((await load(id)).fields), []);
  }),

  "text: fields have no prototype, and __proto__, constructor and the like are data": scene(async ({ a, b, kind, create, load }) => {
    const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "__defineGetter__"];
    const id = await create({ set: Object.fromEntries(names.map((name) => [name, `"${name}"`])) });
    for (const record of [await load(id), (await b.find({ kind })).records[0]!, (await b.find({ kind }, { only: names })).records[0]!]) {
      equal(Object.getPrototypeOf(record.fields), null);
      deepEqual(Object.keys(record.fields).toSorted(), names.toSorted());
      for (const name of names) equal(record.fields[name], `"${name}"`);
    }
    await a.commit({ id, expect: "live", set: { x: "1" }, unset: ["__proto__", "toString"] });
    const { fields } = await load(id);
    equal(Object.getPrototypeOf(fields), null);
    deepEqual([fields["__proto__"], fields["toString"], fields["constructor"], fields["x"]], [undefined, undefined, '"constructor"', "1"]);
    const bare = await create();
    equal(Object.getPrototypeOf((await load(bare)).fields), null);
  }),

  "text: a field of 64 kB and a record of 1 MB are kept": scene(async ({ a, create, load }) => {
    const big = `"${"x".repeat(65_000)}é"`;
    const id = await create({ set: { f0: big } });
    equal((await load(id)).fields["f0"], big);
    for (let i = 1; i < 15; i++) equal(wordOf(await a.commit({ id, expect: "live", set: { [`f${i}`]: big } })), "ok");
    const { fields } = await load(id);
    equal(Object.keys(fields).length, 15);
    for (let i = 0; i < 15; i++) equal(fields[`f${i}`], big);
    equal(wordOf(await a.commit({ id, expect: "live", set: { f0: "small" } })), "ok");
    deepEqual([(await load(id)).fields["f0"], (await load(id)).fields["f14"]], ["small", big]);
  }),

  "text: kinds, subjects and aliases of up to 1024 characters, of any kind, are kept apart": scene(async ({ a, b, id, name, create, load }) => {
    const stem = name("t");
    const odd = [...new Set(texts.flatMap((text) => [text, text.slice(0, 3)]))].map((text) => `${stem}${text}`);
    const long = name("é".repeat(990));
    for (const text of [...odd, `${long}1`, `${long}2`, `${long}1 `]) {
      const one = await create({ kind: text, subject: text, subjectLimit: 1, kindLimit: 1, claim: [text] });
      const record = await load(one);
      deepEqual([record.kind, record.subject, record.aliases], [text, text, [text]]);
      for (const query of [{ kind: text }, { subject: text }, { alias: text }])
        deepEqual(
          (await b.find(query)).records.map((found) => found.id),
          [one],
        );
      equal(wordOf(await a.commit({ id: id(), expect: "absent", kind: text, kindLimit: 1 })), "full");
      equal(wordOf(await a.commit({ id: id(), expect: "absent", kind: "k", claim: [text] })), "taken");
    }
  }),

  "text: the manager's own ids, longer ones with `:` and capitals, are ids like others": scene(async ({ a, b, kind, name, own }) => {
    const stem = `floor:${name("id").slice(3)}`;
    const ids = [`${stem}:a`, `${stem}:A`, `${stem}:a-_`, `${stem}:${"Zz09-_:".repeat(20)}`.slice(0, 200), stem] as SessionId[];
    own(ids);
    const subject = name("subject");
    for (const [i, id] of ids.entries()) {
      deepEqual(await b.load(id), undefined);
      equal(wordOf(await a.commit({ id, expect: "absent", kind, subject, wake: 5, claim: [`${subject}${i}`], set: { n: String(i) } })), "ok");
      equal(wordOf(await b.commit({ id, expect: "absent", kind })), "exists");
      equal(wordOf(await b.commit({ id, expect: 1, set: { m: String(i) } })), "ok");
    }
    for (const [i, id] of ids.entries()) {
      const record = await b.load(id);
      deepEqual([record?.id, record?.version, record?.fields["n"], record?.fields["m"]], [id, 2, String(i), String(i)]);
      deepEqual(
        (await b.find({ alias: `${subject}${i}` })).records.map((found) => found.id),
        [id],
      );
    }
    for (const query of [{ kind }, { subject }]) {
      const seen = (await everyRecord(a, query, { limit: 2 })).map((found) => found.id);
      deepEqual(seen.toSorted(), ids.toSorted(), JSON.stringify(query));
    }
  }),
};
