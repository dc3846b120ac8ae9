import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { apiClient, type ApiClient, type Made } from "../api-client.fixture.ts";
import { cleanUp } from "../clean-up.fixture.ts";
import { deferred } from "../deferred.fixture.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

async function served(data: string): Promise<{ address: string; server: Sojournd }> {
  const server = sojournd(["serve", "--port", "0", "--data", data]);
  return { server, address: (await server.until(/http:\/\/127\.0\.0\.1:\d+/))[0] };
}

/** Clients that begin sessions and change them until the server is gone. */
function load(api: ApiClient, address: string): { readonly busy: Promise<unknown>; stop(): Promise<number> } {
  const enough = deferred();
  let going = true;
  let acknowledged = 0;
  const pouring = Array.from({ length: 6 }, async (_, lane) => {
    while (going) {
      const made = await api.begin(address, { subject: `poured-${lane}`, data: { lane } }).catch(() => undefined);
      if (made === undefined) return;
      if ((await api.call(address, "PATCH", "/v1/session", made.token, { set: { more: 1 } }).catch(() => undefined)) === undefined) return;
      if (++acknowledged === 30) enough.resolve();
    }
  });
  return {
    busy: Promise.race([enough.promise, Promise.all(pouring)]),
    async stop() {
      going = false;
      await Promise.all(pouring);
      return acknowledged;
    },
  };
}

const scrubbed = async (data: string): Promise<unknown> => JSON.parse((await run(["scrub", "--json", "--data", data])).out) as unknown;
const clean = { missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [] };

test(
  "a drill: a backup under load, the server killed, the data folder lost, restored; all sessions of then are there, and by default everybody logs in again",
  { timeout: 90_000 },
  async () => {
    const data = tempFolder();
    const api = await apiClient(data);
    const { address, server } = await served(data);
    const before: Made[] = await Promise.all(Array.from({ length: 20 }, (_, n) => api.begin(address, { subject: "ada", data: { n } })));
    const ended = before[0] as Made;
    expect((await api.call(address, "DELETE", "/v1/session", ended.token)).status).toBe(204);
    const pouring = load(api, address);
    await pouring.busy;

    const file = join(tempFolder(), "yesterday.mdb");
    const backup = await run(["backup", file, "--json", "--data", data]);
    expect([backup.code, backup.err]).toEqual([0, ""]);
    expect(JSON.parse(backup.out)).toMatchObject({ file, bytes: statSync(file).size, ...clean });

    // What happens after the backup is not in it: a log-out, and a session that begins.
    const loggedOut = before[1] as Made;
    expect((await api.call(address, "DELETE", "/v1/session", loggedOut.token)).status).toBe(204);
    const later = await api.begin(address, { subject: "late" });
    server.child.kill("SIGKILL");
    expect(await pouring.stop()).toBeGreaterThanOrEqual(30);
    expect(await server.ended).toBe("SIGKILL");
    rmSync(data, { recursive: true });

    const restored = await run(["restore", file, "--data", data]);
    expect(restored).toMatchObject({ code: 0, err: "" });
    expect(restored.out).toMatch(/\d\d+ sessions were live when the backup was made and were ended now: everybody has to log in again\./);
    expect(restored.out).toMatch(/1 application keys are good as they were then\./);
    expect(readdirSync(data).toSorted()).toEqual(["gate.mdb", "gate.mdb-lock", "sessions"]);
    expect([statSync(data).mode & 0o777, statSync(join(data, "sessions/data.mdb")).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(await scrubbed(data)).toMatchObject(clean);

    const back = await served(data);
    for (const made of before) {
      expect((await api.call(back.address, "GET", "/v1/session", made.token)).body).toMatchObject({ status: 401, code: "session_ended" });
      const known = (await api.call(back.address, "GET", `/v1/sessions/${made.id}`)).body;
      expect(known).toMatchObject({ subject: "ada", ended: { reason: made === ended ? "closed" : "revoked" } });
    }
    expect((await api.call(back.address, "GET", `/v1/sessions/${later.id}`)).status).toBe(404);
    const fresh = await api.begin(back.address, { subject: "ada" });
    expect((await api.call(back.address, "GET", "/v1/session", fresh.token)).status).toBe(200);
    back.server.child.kill("SIGKILL");
    await back.server.ended;

    // The same backup once more, as it was: whoever logged out since is logged in again, which is why it has to be asked for.
    const kept = await run(["restore", file, "--force", "--keep-sessions", "--json", "--data", data]);
    expect(kept).toMatchObject({ code: 0, err: "" });
    const { aside } = JSON.parse(kept.out) as { aside: string };
    expect(existsSync(join(aside, "data.mdb"))).toBe(true);
    const again = await served(data);
    for (const [n, made] of before.entries()) {
      const { status, body } = await api.call(again.address, "GET", "/v1/session", made.token);
      if (made === ended) expect(body).toMatchObject({ code: "session_ended" });
      else expect([status, body]).toEqual([200, expect.objectContaining({ subject: "ada", data: { n } })]);
    }
    expect((await api.call(again.address, "GET", "/v1/session", fresh.token)).status).toBe(401);
    expect(await scrubbed(data)).toMatchObject(clean);
  },
);

test("while a server runs: scrub works, compact says what is free, restore refuses; a server killed -9 does not count", { timeout: 60_000 }, async () => {
  const data = tempFolder();
  const file = join(tempFolder(), "backup.mdb");
  const api = await apiClient(data);
  const { address, server } = await served(data);
  for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 40 }, () => api.begin(address, { data: { filler: "x".repeat(3000) } })));
  expect(await run(["backup", file, "--data", data])).toMatchObject({ code: 0, out: expect.stringMatching(/backup\.mdb: 2\d\d records, \d/) as string });
  const sessions = JSON.parse(JSON.stringify((await api.call(address, "GET", "/v1/sessions?kind=api&limit=1000")).body)) as { sessions: Made[] };
  expect(sessions.sessions).toHaveLength(200);

  expect(await run(["scrub", "--data", data])).toMatchObject({ code: 0, out: expect.stringMatching(/records looked through: all is well\.\n$/) as string });
  expect(await run(["compact", "--data", data])).toMatchObject({
    code: 3,
    out: expect.stringMatching(/in use, so its file stays as it is: .* are free/) as string,
  });
  const refused = { code: 1, out: "", err: expect.stringMatching(/^sojournd: .* is in use\. Stop the servers that use it first\.\n$/) as string };
  // Idle for a turn, in the midst of a request, or with a second server beside it: it is in use.
  expect(await run(["restore", file, "--force", "--data", data])).toEqual(refused);
  const second = await served(data);
  server.child.kill("SIGKILL");
  await server.ended;
  expect(await run(["restore", file, "--force", "--data", data])).toEqual(refused);
  expect((await api.call(second.address, "GET", "/readyz")).status).toBe(200);
  second.server.child.kill("SIGKILL");
  await second.server.ended;

  const before = statSync(join(data, "sessions/data.mdb")).size;
  const compacted = await run(["compact", "--json", "--data", data]);
  expect(compacted).toMatchObject({ code: 0, err: "" });
  const after = statSync(join(data, "sessions/data.mdb")).size;
  expect(JSON.parse(compacted.out)).toEqual({ compacted: true, before, after });
  expect(after).toBeLessThan(before);
  expect(readdirSync(join(data, "sessions")).toSorted()).toEqual(["data.mdb", "turnstile"]);
  const third = await served(data);
  expect((await api.call(third.address, "GET", "/v1/sessions?kind=api&limit=1000")).body["sessions"]).toHaveLength(200);
  expect(await scrubbed(data)).toMatchObject(clean);
});

test("a backup or restore that is killed at any moment is never taken for a whole one", { timeout: 120_000 }, async () => {
  const data = tempFolder();
  const place = tempFolder();
  const api = await apiClient(data);
  const { address, server } = await served(data);
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 40 }, () => api.begin(address, { data: { filler: "x".repeat(5000) } })));
  const whole = join(place, "whole.mdb");
  expect(await run(["backup", whole, "--data", data])).toMatchObject({ code: 0 });
  server.child.kill("SIGTERM");
  await server.ended;

  for (const [i, wait] of [0, 5, 30].entries()) {
    const file = join(place, `${i}.mdb`);
    const backup = sojournd(["backup", file, "--data", data]);
    await appears(() => readdirSync(place).some((name) => name.includes(`${i}.mdb`)), backup);
    await new Promise((resolve) => setTimeout(resolve, wait));
    backup.child.kill("SIGKILL");
    await backup.ended;
    if (existsSync(file)) expect(await run(["restore", file, "--data", join(tempFolder(), "d")])).toMatchObject({ code: 0 });

    const restore = sojournd(["restore", whole, "--force", "--keep-sessions", "--data", data]);
    await appears(() => readdirSync(data).some((name) => name.startsWith(".restore-")), restore);
    await new Promise((resolve) => setTimeout(resolve, 3 * wait));
    restore.child.kill("SIGKILL");
    await restore.ended;
    expect(await scrubbed(data)).toMatchObject({ ...clean, records: 401 });
  }
});

async function appears(holds: () => boolean, during: Sojournd): Promise<void> {
  let over = false;
  void during.ended.then(() => (over = true));
  while (!holds() && !over) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("what cannot be restored is one line, and changes nothing", { timeout: 60_000 }, async () => {
  const data = tempFolder();
  const other = tempFolder();
  await apiClient(data);
  const file = join(other, "backup.mdb");
  expect(await run(["backup", file, "--data", data])).toMatchObject({ code: 0 });
  const line = (what: RegExp): object => ({ code: 1, out: "", err: expect.stringMatching(what) as string });
  expect(await run(["backup", file, "--data", data])).toEqual(line(/^sojournd: .*backup\.mdb exists\. Give another name, or say --force\.\n$/));
  expect(await run(["backup", join(other, "no/backup"), "--data", data])).toEqual(
    line(/^sojournd: No file can be made in .*\/no \(ENOENT\)\. Give a folder that exists.*\n$/),
  );
  expect(await run(["backup", file, "--data", join(other, "nothing")])).toEqual(line(/^sojournd: There are no sessions in .*nothing\. .*--data.*\n$/));
  expect(await run(["restore", file, "--data", data])).toEqual(line(/^sojournd: There are sessions in .* already\. .*--force.*\n$/));
  expect(await run(["restore", join(other, "x"), "--data", data])).toEqual(line(/^sojournd: .*x is no file\..*\n$/));
  const noise = new URL("drill.test.ts", import.meta.url).pathname;
  expect(await run(["restore", noise, "--force", "--data", data])).toEqual(line(/^sojournd: .*not an LMDB data file.*\n$/));
  expect(readdirSync(data).toSorted()).toEqual(["gate.mdb", "gate.mdb-lock", "sessions"]);
  expect(await scrubbed(data)).toMatchObject({ ...clean, records: 1 });
});
