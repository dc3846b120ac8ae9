import { missingRedis, startRedis } from "@sojourn/peers/redis";
import { operations, type Operation, type OperationName } from "@sojourn/client/operations";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { canaries, type Asked, type Canaries } from "./canary.fixture.ts";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { newKey } from "./keys.ts";
import { run, sojournd, type Sojournd } from "./sojournd.fixture.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

let drawn = 0;
/** No other text has it in it. */
const canary = (what: string): string => `canary${what}${process.pid}x${Date.now()}x${++drawn}`;

const names = Object.keys(operations) as OperationName[];
const roles = ["admin", "operator", "auditor", "app", "gateway"] as const;
type Keys = Readonly<Record<(typeof roles)[number], string>>;

interface Scene extends Canaries {
  readonly keys: Keys;
  readonly server: Sojournd;
  readonly data: string;
}

/** A server as its users start it, with a key of each role. */
async function scene(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const data = tempFolder();
  let address = "";
  const kept = canaries(() => address);
  const made = roles.map(async (role) => {
    const { out } = await run(["keys", "new", "--name", role, "--role", role, "--data", data], environment);
    return [role, kept.hide(`${role}'s key`, out.trim())] as const;
  });
  const keys = Object.fromEntries(await Promise.all(made)) as Keys;
  const server = sojournd(["serve", "--port", "0", "--data", data, ...args], { SOJOURN_WEBHOOK_HOSTS: "127.0.0.1", ...environment });
  [address] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  return { ...kept, keys, server, data };
}

/** Ends the server, and looks through all that it wrote. */
async function searchAll({ server, note, leaks, searched }: Scene): Promise<void> {
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  note("stdout", server.out());
  note("stderr", server.err());
  console.log(searched());
  expect(leaks()).toEqual([]);
}

/** A listener to webhooks whose deliveries are searched too. */
async function receiver({ note }: Canaries): Promise<string> {
  const listener = createServer((request, response) => {
    request.setEncoding("utf8");
    void (async () => note("webhook", `${JSON.stringify(request.headers)}${(await request.toArray()).join("")}`))();
    response.writeHead(204).end();
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  later(() => listener.close());
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
}

/** Every operation, as it is meant. */
async function live(here: Scene): Promise<void> {
  const { ask, keys, hideData } = here;
  const key = keys.admin;
  const began = await ask("createSession", { key, body: { kind: "web", subject: "ada", data: { cart: hideData(canary("data")) } } });
  const [id, first] = [String(began.body["id"]), String(began.body["token"])];
  const events = ask("events", { key });
  const hook = await ask("createWebhook", { key, body: { url: await receiver(here), events: ["created", "changed", "ended"] } });
  await ask("listWebhooks", { key });
  const { body: entered } = await ask("authenticate", { key, token: first, body: { subject: "ada", methods: ["pwd"], keep: ["cart"] } });
  await ask("changeSession", { key, token: String(entered["token"]), body: { set: { note: hideData(canary("data")) } } });
  const { body: rotated } = await ask("rotate", { key, token: String(entered["token"]), body: {} });
  const token = String(rotated["token"]);
  await ask("readSession", { key, token });
  const at = { id, name: "before", subject: "ada" };
  await ask("createCheckpoint", { key, at, body: { name: "before" } });
  await ask("changeSession", { key, token, body: { set: { note: hideData(canary("data")) } } });
  for (const name of ["showSession", "revealSession", "listCheckpoints", "compareCheckpoint", "revealCheckpoint"] as const) await ask(name, { key, at });
  await ask("restoreCheckpoint", { key, at, body: {} });
  await ask("dropCheckpoint", { key, at });
  for (const name of ["listSessions", "searchSessions"] as const) await ask(name, { key, query: "subject=ada" });
  await ask("forwardAuth", { key: keys.gateway, cookie: `__Host-Http-session=${token}` });
  const made = await ask("createKey", { key, body: { name: "more", role: "app" } });
  await ask("listKeys", { key });
  await ask("revokeKey", { key, at: { id: String(made.body["id"]) } });
  const seat = await ask("openConsole", { body: { key: keys.operator }, headers: ownPage });
  const cookie = seat.headers
    .getSetCookie()
    .map((set) => set.split(";")[0])
    .join("; ");
  for (const name of ["showConsole", "closeConsole"] as const) await ask(name, { cookie, headers: ownPage });
  for (const name of ["now", "followNow", "status", "doctor", "metrics", "openApi", "health", "readiness"] as const) await ask(name, { key: keys.auditor });
  await ask("endSession", { key, token });
  const second = await ask("createSession", { key, body: { subject: "ada", data: { cart: hideData(canary("data")) } } });
  await ask("revokeSession", { key, at: { id: String(second.body["id"]) } });
  await ask("revokeSubject", { key, at });
  await ask("revokeEverything", { key, body: {} });
  await ask("deleteWebhook", { key, at: { id: String(hook.body["id"]) } });
  await events;
}

/** What a browser says of a request of the server's own page. */
const ownPage = { "Sec-Fetch-Site": "same-origin" };

/** Every operation, asked wrongly: with wrong keys, secrets where they do not belong, and bodies that cannot be read. */
async function goWrong({ ask, keys, hide, hideData }: Scene): Promise<void> {
  const { body: begun } = await ask("createSession", { key: keys.app, body: { data: { cart: hideData(canary("data")) } } });
  const [id, token] = [String(begun["id"]), String(begun["token"])];
  const data = hideData(canary("data"));
  const wrongKey = hide("wrong key", newKey());
  const wrongSecret = hide("wrong secret", canary("secret").padEnd(32, "z").slice(0, 32));
  const noToken = hide("no token", canary("token"));
  const noKey = hide("no key", canary("key"));
  const wrong: readonly Asked[] = [
    {},
    { key: wrongKey },
    { headers: { Authorization: `Basic ${noKey}` } },
    { key: noKey },
    ...roles.map((role) => ({ key: keys[role], token })),
    { key: keys.admin, token: `${id}.${wrongSecret}` },
    { key: keys.admin, token: noToken },
    { key: keys.admin, cookie: `__Host-Http-session=${id}.${wrongSecret}; sojourn=${noToken}` },
    { key: keys.admin, at: { id: token, name: token, subject: "nobody" } },
    { key: keys.admin, at: { id: keys.app } },
    { key: keys.admin, query: `token=${token}&key=${keys.app}` },
    { key: keys.admin, query: `kind=${token}&after=${keys.app}&limit=${token}` },
    { key: keys.admin, query: `${token}=1` },
  ];
  const bodies: readonly unknown[] = [
    `{"data": {"cart": "${data}"`,
    `"${data}"`,
    `{"data": "${data}"}`,
    { data: { cart: data }, more: data },
    { set: { ["x".repeat(300)]: data }, name: { is: data }, url: `http://u:${data}@127.0.0.1/`, key: noKey },
    { data: { big: data.repeat(6_000) } },
    { kind: token, subject: { is: data }, set: [data], unset: [1, data], events: [data], issuedBefore: data, role: keys.app },
  ];
  for (const name of names) {
    const operation: Operation = operations[name];
    const sent = operation.body === undefined ? {} : { body: {} };
    for (const asked of wrong) await ask(name, { ...sent, ...asked });
    if (operation.body !== undefined) for (const body of bodies) await ask(name, { key: keys.admin, token, at: { id, name: "none" }, body, headers: ownPage });
  }
}

test("no secret and no data is in any output but the answers that are meant to hold it", { timeout: 120_000 }, async () => {
  const here = await scene([]);
  await live(here);
  await goWrong(here);
  await searchAll(here);
  expect(names.filter((name) => !here.reached.has(name))).toEqual([]);

  // At rest there is no token and no key.
  here.note("data.mdb", readFileSync(join(here.data, "sessions/data.mdb"), "latin1"));
  expect(here.leaks()).toEqual([]);

  // And what is there is found.
  const planted = here.hideData(canary("planted"));
  here.note("stdout", `{"msg":"${planted}"}`);
  here.note("readSession #0", planted);
  expect(here.leaks()).toEqual(["data in stdout"]);
});

test("nor in the short log of a development server", { timeout: 120_000 }, async () => {
  const here = await scene(["--dev"]);
  await live(here);
  await goWrong(here);
  await searchAll(here);
});

test("nor in what is said when the store goes away", { timeout: 120_000 }, async ({ skip }) => {
  const without = missingRedis();
  if (without !== undefined) skip(without);
  const password = canary("password");
  const redis = await startRedis();
  later(() => redis.stop());
  await redis.ask("CONFIG", "SET", "requirepass", password);
  const here = await scene([], { SOJOURN_STORE: `redis://:${password}@${redis.address}` });
  here.hide("the store's password", password);
  const { ask, keys, hideData } = here;
  const { body } = await ask("createSession", { key: keys.app, body: { data: { cart: hideData(canary("data")) } } });
  redis.kill("SIGKILL");
  const data = hideData(canary("data"));
  for (let i = 0; i < 10; i++) {
    await ask("createSession", { key: keys.app, body: { data: { cart: data } } });
    await ask("changeSession", { key: keys.app, token: String(body["token"]), body: { set: { cart: data } } });
    await ask("metrics", { key: keys.auditor });
    await ask("readiness", {});
  }
  await searchAll(here);
  expect(here.server.out()).toMatch(/store/);
});
