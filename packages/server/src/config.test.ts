import { resolve } from "node:path";
import { expect, test } from "vitest";
import { serveSettings, type ServeFlags } from "./config.ts";

test("by default it listens on this machine and keeps its data here", () => {
  const data = resolve("data");
  expect(serveSettings({}, {})).toEqual({
    dev: false,
    host: "127.0.0.1",
    port: 7300,
    data,
    store: { engine: "lmdb", path: data, setting: undefined, shown: `lmdb:${data}` },
    migratingFrom: undefined,
    migratingPhase: "both",
    allowedHosts: [],
    key: undefined,
  });
});

test("a flag counts more than the environment, and that more than the default; empty is not set", () => {
  const environment = { SOJOURN_HOST: "::1", SOJOURN_PORT: "81", SOJOURN_DATA: "/e", SOJOURN_KEY: "sjk_e" };
  expect(serveSettings({}, environment)).toMatchObject({ host: "::1", port: 81, data: "/e", key: "sjk_e" });
  expect(serveSettings({ host: "localhost", port: "0", data: "/f", dev: true }, environment)).toMatchObject({
    host: "localhost",
    port: 0,
    data: "/f",
    dev: true,
  });
  expect(serveSettings({}, { SOJOURN_HOST: "", SOJOURN_PORT: "", SOJOURN_DATA: "", SOJOURN_KEY: "" })).toMatchObject({
    host: "127.0.0.1",
    port: 7300,
    key: undefined,
  });
});

test.each<[ServeFlags, Record<string, string>, RegExp]>([
  [{ host: "0.0.0.0" }, {}, /0\.0\.0\.0 is not a loopback address.*--behind-tls/],
  [{}, { SOJOURN_HOST: "192.168.1.2" }, /--behind-tls/],
  [{ host: "::" }, {}, /--behind-tls/],
  [{ host: "127.0.0.1.evil.example" }, {}, /--behind-tls/],
  [{ host: "0.0.0.0", behindTls: true, dev: true }, {}, /--dev serves this machine only/],
  [{ host: "http://x" }, {}, /host is "http:\/\/x"/],
  [{ host: "a b" }, {}, /host is "a b"/],
  [{ port: "65536" }, {}, /port is "65536".*--port, SOJOURN_PORT/],
  [{}, { SOJOURN_PORT: "7e3" }, /port is "7e3"/],
  [{ port: "-1" }, {}, /port is "-1"/],
  [{ allowedHost: ["https://x.example"] }, {}, /--allowed-host is "https:\/\/x\.example"/],
  [{ allowedHost: ["x.example:443"] }, {}, /without scheme and port/],
])("%j with %j is refused", (flags, environment, message) => {
  expect(() => serveSettings(flags, environment)).toThrow(message);
});

test("behind a proxy that ends TLS it may listen anywhere", () => {
  expect(serveSettings({ host: "0.0.0.0", behindTls: true, allowedHost: ["a.example"] }, {})).toMatchObject({ host: "0.0.0.0", allowedHosts: ["a.example"] });
});
