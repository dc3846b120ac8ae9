import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { apiClient, type Made } from "../api-client.fixture.ts";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { run, sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

const listening = /http:\/\/127\.0\.0\.1:(\d+)/;

test("on a full disk writes are 503 and reads go on; once there is room, writes do too, without a restart", { timeout: 60_000 }, async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip("Only root may mount a small disk to fill.");
  const disk = join(tempFolder(), "disk");
  mkdirSync(disk);
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], { encoding: "utf8" });
  if (status !== 0) return skip(`No small disk could be mounted to fill: ${stderr.trim()}`);
  later(() => execFileSync("umount", [disk]));
  const data = join(disk, "data");
  const api = await apiClient(data);
  const server = sojournd(["serve", "--port", "0", "--data", data]);
  later(async () => {
    server.child.kill("SIGKILL");
    await server.ended;
  });
  const [address] = await server.until(listening);
  const made: Made[] = [];
  const begin = async (): Promise<Record<string, unknown>> => {
    const { status: answered, body } = await api.call(address, "POST", "/v1/sessions", undefined, { data: { filler: "x".repeat(20_000) } });
    if (answered === 201) made.push(body as unknown as Made);
    return { ...body, status: answered };
  };
  const full = { status: 503, code: "store_full", detail: expect.stringMatching(/no room left.*Free some space/) as string };
  let answer = await begin();
  while (answer["status"] === 201) answer = await begin();
  expect(answer).toMatchObject(full);
  expect(made.length).toBeGreaterThan(10);
  for (const { token, id } of made) expect((await api.call(address, "GET", "/v1/session", token)).body).toMatchObject({ id });
  expect((await api.call(address, "GET", "/readyz")).status).toBe(200);
  // A copy has no room either: nothing of it stays.
  expect(await run(["backup", join(disk, "backup"), "--data", data])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^sojournd: .*(room|full)/m) as string,
  });
  execFileSync("mount", ["-o", "remount,size=16m", disk]);
  expect(await begin()).toMatchObject({ status: 201 });
  expect(await run(["backup", join(disk, "backup"), "--data", data])).toMatchObject({ code: 0 });
  expect(server.child.exitCode).toBeNull();
});

test("more connections than there are file descriptors do no lasting harm", { timeout: 60_000 }, async () => {
  const data = tempFolder();
  const api = await apiClient(data);
  const bin = new URL("../../bin/sojournd.js", import.meta.url).pathname;
  const server = spawn("sh", ["-c", 'ulimit -n 128; exec "$0" "$@"', process.execPath, bin, "serve", "--port", "0", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(server, "close");
  later(async () => {
    server.kill("SIGKILL");
    await closed;
  });
  let out = "";
  server.stdout.on("data", (bytes: Uint8Array) => (out += String(bytes)));
  server.stderr.on("data", (bytes: Uint8Array) => (out += String(bytes)));
  while (!listening.test(out)) await sleep(10);
  const [address = "", port] = listening.exec(out) ?? [];
  const made = await api.begin(address, { subject: "ada" });
  const sockets: Socket[] = [];
  let turnedAway = 0;
  for (let i = 0; i < 300; i++) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined).on("close", () => turnedAway++);
    sockets.push(socket);
  }
  // The server takes what it can; the rest waits in the system's queue, or is closed.
  for (let i = 0; i < 40 && turnedAway === 0; i++) await sleep(25);
  expect(server.exitCode).toBeNull();
  for (const socket of sockets) socket.destroy();
  let answer: { status: number } | undefined;
  while (answer === undefined) answer = await api.call(address, "GET", "/v1/session", made.token).catch(() => undefined);
  expect(answer.status).toBe(200);
  expect((await api.call(address, "PATCH", "/v1/session", made.token, { set: { a: 1 } })).status).toBe(200);
});
