import fc from "fast-check";
import { expect, test } from "vitest";
import { newKey } from "./keys.ts";
import { redacted } from "./redacted.ts";

const id = "01hzy3v7q8e9f0g1h2j3k4m5n6";
const secret = "Abc-_".repeat(7).slice(0, 32);

test.each([
  ["a token", `${id}.${secret}`, `${id}.[redacted]`],
  ["a ticket", `${id}-${secret}`, `${id}-[redacted]`],
  ["an id alone", `session ${id}.`, `session ${id}.`],
  ["a key", newKey(), "sjk_[redacted]"],
  ["the secret of a webhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_[redacted]"],
  ["a URL with a password", "connect redis://sj:pass-word@10.0.0.1:6379/1", "connect redis://sj:[redacted]@10.0.0.1:6379/1"],
  ["a URL with a password alone", "redis://:pass@host", "redis://:[redacted]@host"],
  ["a URL without one", "http://127.0.0.1:7300/v1?a=b:c@d", "http://127.0.0.1:7300/v1?a=b:c@d"],
])("%s", (_, line, told) => {
  expect(redacted(line)).toBe(told);
});

test("wherever a secret stands in a line, it is gone, and JSON stays JSON", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.constantFrom(`${id}.${secret}`, `sjk_${secret}`, `pg://u:${secret}@h`), (before, after, planted) => {
      const line = redacted(JSON.stringify({ message: `${before}${planted} ${after}` }));
      expect(line).not.toContain(secret);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }),
  );
});
