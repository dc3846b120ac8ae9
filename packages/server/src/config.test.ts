import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { defaultPolicy, serveSettings, settledSettings, storeSetting, type ServeFlags } from "./config.ts";
import { settings, type Setting } from "./config/settings.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

const all: readonly Setting<unknown>[] = Object.values(settings);

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
    behindTls: false,
    policy: defaultPolicy,
    consoleKeys: true,
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
  [{ host: "http://x" }, {}, /^--host must be an address/],
  [{ host: "a b" }, {}, /^--host must be an address/],
  [{ port: "65536" }, {}, /^--port must be a port/],
  [{}, { SOJOURN_PORT: "7e3" }, /^SOJOURN_PORT must be a port/],
  [{ port: "-1" }, {}, /^--port must be/],
  [{ allowedHost: ["https://x.example"] }, {}, /^--allowed-host\[0\] must be a host name without scheme/],
  [{ allowedHost: ["x.example:443"] }, {}, /without scheme and port/],
  [{}, { SOJOURN_ALLOWED_HOSTS: "a.example, b:1" }, /^SOJOURN_ALLOWED_HOSTS\[1\] must be/],
  [{}, { SOJOURN_BEHIND_TLS: "yes" }, /^SOJOURN_BEHIND_TLS must be true or false\./],
  [{}, { SOJOURN_SESSIONS_IDLE: "30" }, undefined as never],
  [{}, { SOJOURN_SESSIONS_IDLE: "0" }, /^SOJOURN_SESSIONS_IDLE must be ms from 1/],
  [{}, { SOJOURN_SESSIONS_ABSOLUTE: "401d" }, /400 days at most/],
  [{}, { SOJOURN_RATE: "10/5" }, /^SOJOURN_RATE must be false, or/],
  [{}, { SOJOURN_RATE: "1/2/3" }, /^SOJOURN_RATE must be false, or/],
  [{}, { SOJOURN_KINDS: "web,1" }, /^SOJOURN_KINDS\[1\] must be a letter/],
  [{ migratingPhase: "new" }, {}, /^--migrating-phase must be old, for a server that only follows, or both\./],
])("%j with %j is refused", (flags, environment, message) => {
  if (message === undefined) expect(serveSettings(flags, environment).policy.idle).toBe(30);
  else expect(() => serveSettings(flags, environment)).toThrow(message);
});

test("behind a proxy that ends TLS it may listen anywhere", () => {
  expect(serveSettings({ host: "0.0.0.0", behindTls: true, allowedHost: ["a.example"] }, {})).toMatchObject({ host: "0.0.0.0", allowedHosts: ["a.example"] });
});

describe("a configuration file", () => {
  function written(content: unknown, name = "sojournd.json"): string {
    const file = join(tempFolder(), name);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }
  const whole = {
    $schema: "./config.schema.json",
    host: "::1",
    port: 7301,
    store: "redis://10.0.0.1:6379",
    data: "sessions-here",
    allowedHosts: ["sessions.example.com"],
    behindTls: true,
    migratingFrom: "lmdb:old",
    migratingPhase: "old",
    sessions: { idle: "15m", absolute: 86_400_000, perSubject: 5, whenFull: "refuse" },
    kinds: ["api", "sip"],
    rate: { perSecond: 10, burst: 20 },
    webhookHosts: ["hooks.internal"],
    console: false,
    consoleKeys: false,
    oidc: { issuer: "https://id.example.com", clientId: "sojourn", publicUrl: "https://sessions.example.com", roles: { ops: "operator" } },
  };
  const asSettings = {
    host: "::1",
    port: 7301,
    store: { engine: "redis", shown: "redis://10.0.0.1:6379" },
    allowedHosts: ["sessions.example.com"],
    behindTls: true,
    migratingPhase: "old",
    policy: {
      idle: 900_000,
      absolute: 86_400_000,
      perSubject: 5,
      whenFull: "refuse",
      kinds: ["api", "sip"],
      rate: { perSecond: 10, burst: 20 },
      webhookHosts: ["hooks.internal"],
      console: false,
    },
    consoleKeys: false,
    oidc: {
      issuer: "https://id.example.com",
      clientId: "sojourn",
      publicUrl: "https://sessions.example.com",
      rolesClaim: "roles",
      roles: { ops: { role: "operator", tenant: "main" } },
      scopes: "openid profile",
    },
  };

  test("says all there is to set; its paths begin at its own folder", () => {
    const config = written(whole);
    const folder = resolve(config, "..");
    const settled = serveSettings({ config }, {});
    expect(settled).toMatchObject({ ...asSettings, data: join(folder, "sessions-here"), migratingFrom: { engine: "lmdb", path: join(folder, "old") } });
    expect(serveSettings({}, { SOJOURN_CONFIG: config })).toEqual(settled);
    expect(storeSetting({}, { SOJOURN_CONFIG: config })).toEqual(settled.store);
  });

  test("counts less than the environment, which counts less than an option; each is told with its place", () => {
    const config = written(whole);
    const flags = { config, port: "1" };
    const { told, file } = settledSettings(flags, {
      SOJOURN_PORT: "2",
      SOJOURN_SESSIONS_IDLE: "1h",
      SOJOURN_CONSOLE: "true",
      SOJOURN_SESSIONS_PER_SUBJECT: "false",
    });
    expect(file).toBe(config);
    const by = Object.fromEntries(told.map(({ name, ...rest }) => [name, rest]));
    expect(by).toMatchObject({
      port: { value: 1, from: "flag", where: "--port" },
      "sessions.idle": { value: 3_600_000, from: "environment", where: "SOJOURN_SESSIONS_IDLE" },
      "sessions.perSubject": { value: false, from: "environment" },
      console: { value: true, from: "environment" },
      "sessions.absolute": { value: 86_400_000, from: "file", where: `sessions.absolute in ${config}` },
    });
    expect(settledSettings({}, {}).told.every(({ from, where }) => from === "default" && where === undefined)).toBe(true);
    expect(told.map(({ name }) => name).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
  });

  test("every setting can be given in the environment in its place", () => {
    const environment = {
      SOJOURN_HOST: "::1",
      SOJOURN_PORT: "7301",
      SOJOURN_STORE: "redis://10.0.0.1:6379",
      SOJOURN_DATA: "/sessions-here",
      SOJOURN_ALLOWED_HOSTS: "sessions.example.com",
      SOJOURN_BEHIND_TLS: "true",
      SOJOURN_MIGRATING_FROM: "lmdb:/old",
      SOJOURN_MIGRATING_PHASE: "old",
      SOJOURN_SESSIONS_IDLE: "15m",
      SOJOURN_SESSIONS_ABSOLUTE: "86400000",
      SOJOURN_SESSIONS_PER_SUBJECT: "5",
      SOJOURN_SESSIONS_WHEN_FULL: "refuse",
      SOJOURN_KINDS: "api, sip",
      SOJOURN_RATE: "10/20",
      SOJOURN_WEBHOOK_HOSTS: "hooks.internal",
      SOJOURN_CONSOLE: "false",
      SOJOURN_CONSOLE_KEYS: "false",
      SOJOURN_OIDC: JSON.stringify(whole.oidc),
    };
    expect(Object.keys(environment).toSorted()).toEqual(all.map(({ variable }) => variable).toSorted());
    const settled = settledSettings({}, environment);
    expect(settled.settings).toMatchObject(asSettings);
    expect(settled.told.every(({ from }) => from === "environment")).toBe(true);
  });

  const canary = "hunter2canary";
  test.each<[string, unknown, RegExp]>([
    ["a password", { store: `redis://:${canary}@10.0.0.1` }, /^store in .*sojournd\.json has a password.*SOJOURN_STORE\.$/],
    ["a token of NATS", { store: `nats://${canary}@10.0.0.1` }, /^store in .* has a password.*SOJOURN_STORE/],
    ["a password where sessions come from", { migratingFrom: `postgres://u:${canary}@h/d` }, /^migratingFrom in .* has a password.*SOJOURN_MIGRATING_FROM/],
    ["an address that nobody can read", { store: `mongodb://:${canary}@h` }, /^store in .*sojournd\.json begins with mongodb:/],
    ["a key", { key: canary }, /key is a secret by its name.*SOJOURN_KEY/],
    ["an unknown name", { sessions: { idel: canary } }, /sessions\.idel is not a setting\. Did you mean idle\?$/],
    ["another", { prot: 1 }, /prot is not a setting\. Did you mean port\?/],
    ["another way to write it", { "allowed-hosts": [] }, /allowed-hosts is not a setting\. Did you mean allowedHosts\?/],
    ["a value for a name", { [`redis://:${canary}@h`]: 1 }, /A name that is written here is not a setting\. There are: /],
    ["a name of all objects", '{ "__proto__": { "port": 1 } }', /__proto__ is not a setting/],
    ["a wrong type", { port: canary }, /json: port must be a port/],
    ["a wrong place in a list", { allowedHosts: ["a", `https://${canary}`] }, /allowedHosts\[1\] must be a host name/],
    ["half of the rate", { rate: { perSecond: 5 } }, /rate must be false, or an object with perSecond and burst/],
    ["a list", [canary], /it must hold a JSON object/],
    ["a comment", `{\n  // ${canary}\n}`, /sojournd\.json, line 2, column 3: there must be a name in " "\. The file is JSON, without comments\.$/],
    ["no end", `{ "store": "${canary}`, /line 1, column 12: there must be a text that ends/],
    ["a name twice", '{ "port": 1,\n"port": 2 }', /line 2, column 1: there must be a name that this object does not have yet/],
    ["nothing", "", /line 1, column 1: there must be a value/],
  ])("with %s is refused, in one line that quotes no value", (_, content, line) => {
    const config = written(content);
    expect(() => serveSettings({ config }, {})).toThrow(line);
    try {
      serveSettings({ config }, {});
    } catch (error) {
      expect(String(error)).not.toContain(canary);
      expect(String(error).split("\n")).toHaveLength(1);
    }
  });

  test("that is not there, or is no file, or is not small, is refused by the name of what named it", () => {
    const folder = tempFolder();
    expect(() => serveSettings({ config: join(folder, "none") }, {})).toThrow(/none is not there\. .*--config/);
    expect(() => serveSettings({}, { SOJOURN_CONFIG: folder })).toThrow(/is a folder\. .*SOJOURN_CONFIG/);
    mkdirSync(join(folder, "x"));
    expect(() => serveSettings({ config: join(folder, "x") }, {})).toThrow(/is a folder/);
    expect(() => serveSettings({ config: written(`"${"x".repeat(1_000_000)}"`) }, {})).toThrow(/1000002 bytes.*another file/);
  });

  test("is not looked for", () => expect(settledSettings({}, {}).file).toBeUndefined());
});
