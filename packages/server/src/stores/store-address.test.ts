import fc from "fast-check";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { StartFailure } from "../start-failure.ts";
import { startTrouble } from "./start-trouble.ts";
import { storeAddress, type StoreAddress } from "./store-address.ts";

function refusal(text: string): string {
  try {
    return `taken: ${storeAddress(text, "SOJOURN_STORE").shown}`;
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    return error.message;
  }
}

describe("an address", () => {
  test.each<[string, object]>([
    ["memory:", { engine: "memory", shown: "memory:" }],
    ["lmdb:data", { engine: "lmdb", path: resolve("data"), shown: `lmdb:${resolve("data")}` }],
    ["lmdb:/var/lib/x", { engine: "lmdb", path: "/var/lib/x" }],
    ["file:///srv/a%20b", { engine: "file", path: "/srv/a b" }],
    ["file:~/sessions", { engine: "file", path: join(homedir(), "sessions") }],
    ["redis://127.0.0.1", { engine: "redis", cluster: false, tls: false, hosts: [{ name: "127.0.0.1", port: 6379 }], user: undefined, password: undefined }],
    ["REDIS://h:1/2", { engine: "redis", hosts: [{ name: "h", port: 1 }], database: "2" }],
    ["rediss://:s%40cret@h", { engine: "redis", tls: true, user: undefined, password: "s@cret", shown: "rediss://:***@h:6379" }],
    [
      "redis+cluster://a:1,b:2,[::1]:3?prefix=x",
      {
        cluster: true,
        hosts: [
          { name: "a", port: 1 },
          { name: "b", port: 2 },
          { name: "::1", port: 3 },
        ],
        parameters: { prefix: "x" },
      },
    ],
    [
      "postgres://u:p:q@h/d?schema=s&pool=5&sslmode=require",
      {
        engine: "postgres",
        user: "u",
        password: "p:q",
        database: "d",
        tls: true,
        parameters: { schema: "s", pool: "5", sslmode: "require" },
        shown: "postgres://u:***@h:5432/d",
      },
    ],
    ["postgres://u@/d?host=/run/x", { hosts: [], user: "u", shown: "postgres://u@/d", parameters: { host: "/run/x" } }],
    ["mysql://u@/d?socket=/run/s", { hosts: [], user: "u", parameters: { socket: "/run/s" } }],
    ["postgresql:///d?host=/run/postgresql", { engine: "postgres", hosts: [], database: "d", tls: false, shown: "postgresql:///d" }],
    ["mariadb://u@h:3307/d?tls=on", { engine: "mariadb", hosts: [{ name: "h", port: 3307 }], tls: true, user: "u" }],
    ["mysql://u:p@h/d?tls=off", { engine: "mariadb", tls: false }],
    [
      "nats://t0ken@a,b:4223?replicas=3",
      {
        engine: "nats",
        user: "t0ken",
        hosts: [
          { name: "a", port: 4222 },
          { name: "b", port: 4223 },
        ],
        shown: "nats://***@a:4222,b:4223",
      },
    ],
  ])("%s", (text, address) => {
    expect(storeAddress(text, "SOJOURN_STORE")).toMatchObject({ setting: "SOJOURN_STORE", ...address });
  });

  test.each<[string, RegExp]>([
    ["", /is no store's address\. Give redis:\/\/…, .*memory:\.$/],
    ["hunter2", /is no store's address/],
    ["mongodb://h", /begins with mongodb:\/\/, which is no store's/],
    ["hunter2:@h", /is no store's address/],
    ["redis:h", /is no store's address/],
    ["memory:x", /Write memory: alone/],
    ["lmdb:", /names no folder/],
    ["lmdb://host/x", /names a host after lmdb:\/\//],
    ["redis://", /no host and port.*redis:\/\/127/],
    ["redis://h:70000", /no host and port/],
    ["redis://h:0", /no host and port/],
    ["redis://a,b", /names 2 hosts.*redis\+cluster/],
    ["redis+cluster://a/1", /names a database/],
    ["redis://h/one", /no database's number/],
    ["redis://hunter2@h", /a user and no password.*redis:\/\/:PASSWORD@HOST/],
    ["postgres://u:p@h", /names no database/],
    ["postgres://a,b/d", /names 2 hosts/],
    ["mysql://u:p@h/", /names no database/],
    ["nats://h/b", /\?bucket=NAME/],
    ["redis://h?prefex=x", /none of prefix, shards, feed, ca\./],
    ["redis://h?prefix=x&prefix=y", /prefix more than once/],
    ["redis://h?prefix=", /a prefix that is not filled in/],
    ["postgres://u:p@h/d?pool=0", /a pool that is not a whole number from 1 to 100/],
    ["postgres://u:p@h/d?sslmode=prefer", /sslmode that is not disable, require or verify-full/],
    ["postgres://u:p%ZZ@h/d", /percent sign as %25/],
    ["postgres://u:pa/ss@h/d", /cannot be taken apart.*%2F/],
    ["postgres://u:12#ss@h/d", /cannot be taken apart/],
    ["postgres://u:12?ss=1@h/d", /cannot be taken apart/],
    ["postgres://u:pa@ss@h/d", /cannot be taken apart/],
  ])("%j is refused, naming the setting and the fix", (text, message) => {
    expect(refusal(text)).toMatch(message);
    expect(refusal(text)).toMatch(/^SOJOURN_STORE /);
    expect(refusal(text)).not.toMatch(/hunter2|pa\/ss|pa@ss|12[#?]|\n/);
  });
});

const schemes = ["redis", "rediss", "redis+cluster", "postgres", "mysql", "nats"];
/** Long enough not to stand in a message by chance. */
const password = fc
  .string({ minLength: 12, maxLength: 40, unit: fc.constantFrom(...Array.from("abXY018@:/?#%%%&=+,. é\\\"'$[]")) })
  .map((text) => `Zq${text}7Kx`);

test("whatever the password is made of, and whatever goes wrong, no piece of it is shown", () => {
  const tail = fc.constantFrom("", "/1", "/d", "/d?pool=5", ":1,b/d", "?x=1");
  fc.assert(
    fc.property(fc.constantFrom(...schemes), password, tail, fc.boolean(), (scheme, secret, after, encoded) => {
      const text = `${scheme}://user:${encoded ? encodeURIComponent(secret) : secret}@h${after}`;
      const pieces = secret.split(/[^a-z0-9]+/i).filter((piece) => piece.length > 3);
      const shown: string[] = [refusal(text)];
      if (shown[0]?.startsWith("taken:")) {
        const address = storeAddress(text, "SOJOURN_STORE") as Exclude<StoreAddress, { engine: "lmdb" | "file" | "memory" }>;
        if (encoded) expect(address.password).toBe(secret);
        const error = new Error(`no such user:${secret}`, { cause: new Error(encodeURIComponent(secret)) });
        shown.push(startTrouble(error, address).message);
      }
      for (const line of shown) expect([secret, encodeURIComponent(secret), ...pieces].filter((piece) => line.includes(piece))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test("an encoded password is taken as it was meant, of every engine", () => {
  fc.assert(
    fc.property(fc.constantFrom(...schemes), password, (scheme, secret) => {
      const path = scheme === "postgres" || scheme === "mysql" ? "/d" : "";
      expect(storeAddress(`${scheme}://user:${encodeURIComponent(secret)}@h${path}`, "--store")).toMatchObject({ user: "user", password: secret });
    }),
  );
});
