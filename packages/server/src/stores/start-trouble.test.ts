import { SojournError } from "sojourn";
import { expect, test } from "vitest";
import type { NetworkAddress } from "./network-address.ts";
import { Silence, startTrouble } from "./start-trouble.ts";
import { storeAddress } from "./store-address.ts";

function told(error: unknown, text = "redis://:s3cret@h"): string {
  return startTrouble(error, storeAddress(text, "SOJOURN_STORE") as NetworkAddress).message;
}
const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code });

test.each<[string, unknown, RegExp]>([
  [
    "behind the store's own error",
    new SojournError("store_unavailable", "The session store is unavailable: x.", { cause: coded("28P01") }),
    /refuses the user or the password/,
  ],
  ["one of several attempts", new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")], "all failed"), /nobody listens at h:6379/],
  ["no answer", new Silence(), /does not answer\. See that it runs at h:6379/],
  ["a name that nobody knows", coded("ENOTFOUND"), /no address is known for h\./],
  ["an unknown certificate", coded("DEPTH_ZERO_SELF_SIGNED_CERT"), /\?ca=PATH/],
  ["a text of the engine's", new Error("WRONGPASS invalid username-password pair or user is disabled."), /refuses the user or the password/],
])("%s is seen for what it is", (_what, error, line) => {
  expect(told(error)).toMatch(line);
  expect(told(error)).toMatch(/^SOJOURN_STORE \(redis:\/\/:\*\*\*@h:6379\): the store /);
});

test("what nobody foresaw is told as it is, in one line and without the password", () => {
  expect(told(new Error("odd\nthing with s3cret"))).toBe("SOJOURN_STORE (redis://:***@h:6379): the store cannot be used: odd thing with ***.");
});
