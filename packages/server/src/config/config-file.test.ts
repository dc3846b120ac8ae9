import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StartFailure } from "../start-failure.ts";
import { about, configSchema, schemas } from "./config-file.ts";
import { checkConfig } from "./read-config-file.ts";
import { settings, type Setting } from "./settings.ts";

const all: readonly Setting<unknown>[] = Object.values(settings);

const schemaFile = new URL("../../config.schema.json", import.meta.url);

test("the schema in the repository is what the settings say", () => {
  expect(JSON.parse(readFileSync(schemaFile, "utf8"))).toEqual(configSchema());
});

test("the README has a row for every setting: its name, its variable, and what it is", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  for (const { name, variable } of all) {
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\` | \`${variable}\` |`));
    expect(row, `the row of ${name}`).toContain(about[name]);
  }
  expect(all.map(({ name }) => name).toSorted()).toEqual(Object.keys(schemas).toSorted());
});

/** One clear line or settings; a text that stands in a value is never in the line. */
function judged(text: string, secret: string): void {
  try {
    checkConfig(text, "/etc/sojournd.json");
  } catch (error) {
    expect(error, text).toBeInstanceOf(StartFailure);
    const { message } = error as StartFailure;
    expect(message.startsWith("/etc/sojournd.json"), message).toBe(true);
    expect(message.endsWith(".") || message.endsWith("?"), message).toBe(true);
    expect(message).not.toContain("\n");
    // Sentences of the house alone.
    expect(message).not.toMatch(/undefined|Invalid|Too (small|big)|[Ee]xpected|received/);
    if (secret !== "") expect(message).not.toContain(secret);
  }
}

const secret = "s3cr3tcanary";
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(secret, `redis://:${secret}@h`, `x ${secret}`),
  fc.array(fc.constant(secret)),
  fc.dictionary(fc.constantFrom("idle", "perSecond", "burst", "x"), fc.constant(secret)),
);

test("any JSON gives settings or one clear line that quotes no value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => judged(JSON.stringify(value), "")),
    { numRuns: 1_000 },
  );
  const names = fc.constantFrom(...Object.keys(schemas).map((name) => name.replace(/\..*/, "")), "$schema", "other", "__proto__");
  fc.assert(
    fc.property(fc.dictionary(names, anything), (value) => judged(JSON.stringify(value), secret)),
    { numRuns: 3_000 },
  );
});

test("any text does", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (noise, at) => {
      const text = `{ "store": "redis://:${secret}@h", "sessions": { "idle": "15m" } }`;
      judged(text.slice(0, at % text.length) + noise + text.slice(at % text.length), secret);
    }),
    { numRuns: 2_000 },
  );
});
