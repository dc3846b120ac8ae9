import { describe, expect, test } from "vitest";
import { defaultPolicy, serveSettings, type ServeSettings } from "../config.ts";
import { storeAddress } from "../stores/store-address.ts";
import { examine, rules } from "./examine.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./rule.ts";
import { mechanisms } from "./self-check.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 3, 1);
const settings = serveSettings({}, {});
const token = "__Host-Http-session=0.A; Path=/; Secure; HttpOnly; SameSite=Lax";
const facts: Facts = {
  now,
  node: "22.20.0",
  root: false,
  store: { reachable: true, watched: true, clockOffset: undefined },
  keys: [{ role: "app", created: now - 10 * day }],
  developmentKey: false,
  folder: { mode: 0o700, own: true },
  cookies: { visitor: token, console: "sojourn-console=0.A; Path=/; HttpOnly; SameSite=Strict" },
  mechanisms: Object.fromEntries(mechanisms.map((name) => [name, true])) as Facts["mechanisms"],
};

function verdicts(of: Partial<ServeSettings> = {}, known: Partial<Facts> = {}): Readonly<Record<string, Finding["verdict"]>> {
  return Object.fromEntries(examine({ ...settings, ...of }, { ...facts, ...known }).map(({ id, verdict }) => [id, verdict]));
}

const usual = verdicts();

test("on the default configuration every requirement that is ours is met", () => {
  expect(examine(settings, facts).filter(({ verdict }) => verdict === "not met")).toEqual([]);
  expect(Object.values(usual).filter((verdict) => verdict === "met").length).toBeGreaterThan(50);
});

test("every row has a sentence, and a fix where it is not met; ids are unique", () => {
  const worst = examine(
    {
      ...settings,
      dev: true,
      host: "0.0.0.0",
      store: storeAddress("memory:", "x"),
      policy: { ...defaultPolicy, idle: 400 * day, absolute: 400 * day, rate: undefined },
    },
    { ...facts, mechanisms: Object.fromEntries(mechanisms.map((name) => [name, false])) as Facts["mechanisms"], cookies: { visitor: "a=b", console: "a=b" } },
  );
  for (const { id, area, requirement, verdict, why, fix } of worst) {
    expect(
      [area, requirement, why].every((text) => text !== "" && !text.includes("undefined")),
      id,
    ).toBe(true);
    if (verdict === "not met") expect(fix, id).toMatch(/\S/);
  }
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});

test("the whole of ASVS V7, V3.3 and V9 is there, and what NIST says of sessions", () => {
  const chapters: Readonly<Record<string, number>> = { "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2, "3.3": 5, "9.1": 3, "9.2": 4 };
  for (const [chapter, count] of Object.entries(chapters))
    for (let i = 1; i <= count; i++) expect(usual, `ASVS ${chapter}.${i}`).toHaveProperty([`ASVS ${chapter}.${i}`]);
  expect(Object.keys(usual).filter((id) => id.startsWith("NIST")).length).toBeGreaterThan(15);
});

test("every row of the requirements that were gathered is judged", () => {
  const rows = [
    "OWASP CS renewal",
    "OWASP CS strict",
    "OWASP CS input",
    "OWASP CS detection",
    "OWASP CS outage",
    "OWASP CS at rest",
    "CHIPS",
    "DBSC",
    "CAEP",
    "OIDC back-channel",
    "Decompression",
  ];
  const asvs = [
    "1.5.2",
    "3.4.1",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "3.5.8",
    "4.4.1",
    "11.1.1",
    "11.2.2",
    "11.2.4",
    "11.3.2",
    "11.3.4",
    "11.5.1",
    "12.2.1",
    "12.3.1",
    "13.2.1",
    "14.2.1",
    "14.3.1",
    "14.3.2",
    "14.3.3",
    "16.2.5",
    "16.3.1",
    "16.4.2",
    "16.5.1",
    "16.5.2",
  ];
  const nist = [
    "AAL1 overall",
    "AAL2 overall",
    "AAL2 idle",
    "AAL3 overall",
    "AAL3 idle",
    "5.1 secret",
    "5.1 log-out",
    "5.1 limits",
    "5.1 level",
    "5.1 channel",
    "5.1 forms",
    "5.1 log-off",
    "5.1 persistence",
    "5.1.1 scope",
    "5.1.1 expiry",
    "5.1.1 opaque",
    "5.2 end",
    "5.2 anew",
  ];
  for (const id of [...rows, ...asvs.map((number) => `ASVS ${number}`), ...nist.map((part) => `NIST 63B ${part}`)]) expect(usual).toHaveProperty([id]);
});

const policy = (part: Partial<ServeSettings["policy"]>): Partial<ServeSettings> => ({ policy: { ...defaultPolicy, ...part } });
const store = (address: string): Partial<ServeSettings> => ({ store: storeAddress(address, "SOJOURN_STORE") });
const publicly: Partial<ServeSettings> = { host: "0.0.0.0", behindTls: true };

/** What is changed, and all that is then judged otherwise than usual. */
const changes: readonly (readonly [
  what: string,
  of: Partial<ServeSettings>,
  known: Partial<Facts>,
  otherwise: Readonly<Record<string, Finding["verdict"]>>,
])[] = [
  [
    "absolute 400 days",
    policy({ absolute: 400 * day }),
    {},
    {
      "ASVS 7.1.1": "yours to decide",
      "ASVS 7.3.2": "not met",
      "NIST 63B AAL1 overall": "not met",
      "NIST 63B AAL2 overall": "not met",
      "NIST 63B AAL3 overall": "yours to decide",
    },
  ],
  [
    "absolute 30 days",
    policy({ absolute: 30 * day }),
    {},
    { "ASVS 7.1.1": "yours to decide", "NIST 63B AAL2 overall": "not met", "NIST 63B AAL3 overall": "yours to decide" },
  ],
  ["absolute 24 hours", policy({ absolute: day }), {}, { "NIST 63B AAL3 overall": "yours to decide" }],
  ["idle 2 hours", policy({ idle: 7_200_000 }), {}, { "ASVS 7.1.1": "yours to decide", "NIST 63B AAL2 idle": "not met" }],
  ["idle 60 days", policy({ idle: 60 * day }), {}, { "ASVS 7.1.1": "yours to decide", "ASVS 7.3.1": "not met", "NIST 63B AAL2 idle": "not met" }],
  ["idle 15 minutes", policy({ idle: 900_000 }), {}, { "NIST 63B AAL3 idle": "met" }],
  ["a limit for each subject", policy({ perSubject: 5 }), {}, { "ASVS 7.1.2": "met" }],
  ["a rate", policy({ rate: { perSecond: 1, burst: 1 } }), {}, { "OWASP CS detection": "met" }],
  ["a private webhook target", policy({ webhookHosts: ["10.0.0.1"] }), {}, { "Webhook targets": "yours to decide" }],
  [
    "plain http for others",
    { host: "0.0.0.0" },
    {},
    {
      "ASVS 12.2.1": "not met",
      "NIST 63B 5.1 channel": "not met",
      "ASVS 3.3.1": "not met",
      "ASVS 3.3.3": "not met",
      "NIST 63B 5.1.1 scope": "not met",
      "Host names": "yours to decide",
    },
  ],
  ["behind a proxy, with its cookies", publicly, { cookies: { visitor: token, console: token } }, { "Host names": "yours to decide" }],
  ["behind a proxy, with a name", { ...publicly, allowedHosts: ["a.example"] }, { cookies: { visitor: token, console: undefined } }, {}],
  ["a cookie that lasts too long", {}, { cookies: { visitor: `${token}; Max-Age=34560001`, console: undefined } }, { "RFC 6265bis lifetime": "not met" }],
  ["a cookie for scripts", {}, { cookies: { visitor: token.replace(" HttpOnly;", ""), console: undefined } }, { "ASVS 3.3.4": "not met" }],
  [
    "a cookie without SameSite",
    {},
    { cookies: { visitor: token.replace("; SameSite=Lax", ""), console: undefined } },
    { "ASVS 3.3.2": "not met", "NIST 63B 5.1.1 scope": "not met" },
  ],
  [
    "a cookie that is too long",
    {},
    { cookies: { visitor: `__Host-x=${"a".repeat(4096)}${token.slice(token.indexOf(";"))}`, console: undefined } },
    { "ASVS 3.3.5": "not met" },
  ],
  ["development", { dev: true }, {}, { "Development mode": "not met", "ASVS 16.2.5": "yours to decide" }],
  ["a development key", {}, { developmentKey: true }, { "Development mode": "not met" }],
  ["a store in memory", store("memory:"), {}, { "Store kept": "not met" }],
  ["a store that is away", {}, { store: { reachable: false, watched: true, clockOffset: undefined } }, { "Store reached": "not met" }],
  ["a store without a feed", {}, { store: { reachable: true, watched: false, clockOffset: undefined } }, { "Store watched": "yours to decide" }],
  ["a store whose clock is off", {}, { store: { reachable: true, watched: true, clockOffset: -61_000 } }, { "Store clock": "not met" }],
  ["a store in clear over the network", store("redis://:pw@10.0.0.1"), {}, { "ASVS 12.3.1": "not met", "Store clock": "yours to decide" }],
  ["a store for everybody", store("rediss://10.0.0.1"), { store: { reachable: true, watched: true, clockOffset: 5 } }, { "ASVS 13.2.1": "not met" }],
  [
    "a store with TLS and a password",
    store("postgres://u:p@db.example/s?sslmode=verify-full"),
    { store: { reachable: true, watched: true, clockOffset: 5 } },
    {},
  ],
  ["a store on this machine", store("redis://127.0.0.1"), { store: { reachable: true, watched: true, clockOffset: 5 } }, {}],
  ["an old key", {}, { keys: [{ role: "app", created: now - 366 * day }] }, { "ASVS 11.1.1": "not met" }],
  ["keys that cannot be read", {}, { keys: undefined }, { "ASVS 11.1.1": "yours to decide" }],
  ["a key in the environment", { key: "sjk_x" }, {}, { "Keys environment": "yours to decide" }],
  ["a folder that the world can read", {}, { folder: { mode: 0o755, own: true } }, { "Data folder": "not met" }],
  ["a folder of somebody else's", {}, { folder: { mode: 0o700, own: false } }, { "Data folder": "yours to decide" }],
  ["the superuser", {}, { root: true }, { "Own user": "yours to decide" }],
  ["an old Node", {}, { node: "20.18.3" }, { Node: "not met" }],
  ["a Node that is not maintained any more", {}, { now: now + 400 * day, keys: [] }, { Node: "yours to decide" }],
];

describe("what is changed changes the verdicts that rest on it, and no others", () => {
  test.each(changes)("%s", (_, of, known, otherwise) => {
    const found = verdicts(of, known);
    expect(Object.fromEntries(Object.entries(found).filter(([id, verdict]) => usual[id] !== verdict))).toEqual(otherwise);
  });

  test.each(mechanisms)("a mechanism that does not hold: %s", (name) => {
    const found = verdicts({}, { mechanisms: { ...facts.mechanisms, [name]: false } });
    const worse = Object.entries(found).filter(([id, verdict]) => usual[id] !== verdict);
    // The limit is told of only where there is one.
    if (name === "limits hold") expect(worse).toEqual([]);
    else expect(worse.length, "no row rests on it").toBeGreaterThan(0);
    for (const [id, verdict] of worse) expect([id, usual[id], verdict]).toEqual([id, "met", "not met"]);
  });
});

test("a mechanism and limits", () => {
  expect(verdicts(policy({ perSubject: 2 }), { mechanisms: { ...facts.mechanisms, "limits hold": false } })["ASVS 7.1.2"]).toBe("not met");
});

test("no password of a store is in a finding", () => {
  const findings = examine({ ...settings, ...store("redis://ada:hunter2@10.0.0.1") }, facts);
  expect(JSON.stringify(findings)).toContain("10.0.0.1");
  expect(JSON.stringify(findings)).not.toContain("hunter2");
});
