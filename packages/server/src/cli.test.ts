import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { run, sojournd } from "./sojournd.fixture.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

const listening = /http:\/\/127\.0\.0\.1:(\d+)/;

describe("serve --dev", () => {
  test("on its first start prints a fresh key and three lines which work as they are; later the same without the key", async () => {
    const data = join(tempFolder(), "it's data");
    const first = sojournd(["serve", "--dev", "--port", "0", "--data", data]);
    const [, key = ""] = await first.until(/^Application key: (sjk_[\w-]{43})$/m);
    const [, port = ""] = await first.until(/http:\/\/127\.0\.0\.1:(\d+)\/demo$/m);
    expect(readFileSync(join(data, "application-key"), "utf8")).toBe(`${key}\n`);
    expect(statSync(join(data, "application-key")).mode & 0o777).toBe(0o600);
    expect(statSync(data).mode & 0o777).toBe(0o700);

    const lines = first
      .out()
      .split("\n")
      .filter((line) => line.startsWith("curl "));
    expect(lines).toHaveLength(3);
    const [made, changed, listed] = lines.map(paste) as [Pasted, Pasted, Pasted];
    expect(made).toMatchObject({ subject: "ada", version: 1, data: { cart: ["tea"] } });
    expect(changed).toMatchObject({ id: made["id"], version: 2, data: { cart: ["tea", "milk"], theme: "dark" } });
    expect(listed).toMatchObject({ sessions: [{ id: made["id"], version: 2 }] });
    expect(first.out() + first.err()).not.toContain(String(made["token"]).split(".")[1]);

    first.child.kill("SIGTERM");
    expect([await first.ended, first.err()]).toEqual([0, ""]);
    const second = sojournd(["serve", "--dev", "--port", port, "--data", data]);
    await second.until(/\/demo/);
    expect(second.out()).not.toContain("sjk_");
    expect(second.out()).toContain(join(data, "application-key"));
    expect(paste(lines[1] ?? "")).toMatchObject({ id: made["id"], version: 3 });
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
  });

  test("takes its key from SOJOURN_KEY", async () => {
    const data = tempFolder();
    const server = sojournd(["serve", "--dev"], { SOJOURN_PORT: "0", SOJOURN_DATA: data, SOJOURN_KEY: "sjk_mine" });
    await server.until(/\/demo/);
    const [address = ""] = listening.exec(server.out()) ?? [];
    const response = await fetch(`${address}/v1/sessions`, { method: "POST", headers: { Authorization: "Bearer sjk_mine" } });
    expect(response.status).toBe(201);
    expect(server.out()).not.toContain("sjk_mine");
  });
});

type Pasted = Record<string, unknown>;

function paste(line: string): Pasted {
  const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: 10_000 });
  if (!stdout.startsWith("{")) throw new Error(`${line}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Pasted;
}

describe("serve", () => {
  test("refuses to start without a key, starts with one that keys new made, and heeds keys revoke at once", async () => {
    const data = tempFolder();
    expect(await run(["serve", "--port", "0", "--data", data])).toEqual({
      code: 1,
      out: "",
      err: expect.stringMatching(/^sojournd: There is no application key\. .*sojournd keys new.*\n$/) as string,
    });
    const made = await run(["keys", "new", "--name", "till", "--data", data]);
    expect(made).toEqual({ code: 0, out: expect.stringMatching(/^sjk_[\w-]{43}\n$/) as string, err: "" });
    const key = made.out.trim();

    const server = sojournd(["serve", "--port", "0"], { SOJOURN_DATA: data });
    const [address] = await server.until(listening);
    const status = async (): Promise<number> => (await fetch(`${address}/v1/sessions`, { method: "POST", headers: { Authorization: `Bearer ${key}` } })).status;
    expect(await status()).toBe(201);
    expect((await fetch(`${address}/demo`)).status).toBe(404);

    const [, id = ""] = /^([0-9a-z]{26}) {2}\S+Z {2}app {2}main {2}till\n$/.exec((await run(["keys", "list"], { SOJOURN_DATA: data })).out) ?? [];
    expect(await run(["keys", "revoke", id, "--data", data])).toMatchObject({ code: 0 });
    expect(await status()).toBe(401);
    expect(await run(["keys", "revoke", id, "--data", data])).toMatchObject({ code: 1, err: expect.stringContaining("keys list") as string });

    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.out() + server.err()).not.toContain("sjk_");
    for (const line of server.out().trim().split("\n")) expect(JSON.parse(line)).toMatchObject({ level: "info" });
  });

  test("finishes a request under way after SIGTERM, and ends with 0", async () => {
    const data = tempFolder();
    const key = (await run(["keys", "new", "--data", data])).out.trim();
    const server = sojournd(["serve", "--port", "0", "--data", data]);
    const [address] = await server.until(listening);
    const { port } = new URL(address);
    const asking = request({
      host: "127.0.0.1",
      port,
      path: "/v1/sessions",
      method: "POST",
      headers: { ...headers(key), Expect: "100-continue", "Content-Length": 11 },
    });
    const answered = once(asking, "response") as Promise<[IncomingMessage]>;
    asking.flushHeaders();
    // The server has read the headers, and waits for the body.
    await once(asking, "continue");
    server.child.kill("SIGTERM");
    while (await isListening(Number(port)));
    asking.end('{"data":{}}');
    const [response] = await answered;
    expect([response.statusCode, response.headers.connection]).toEqual([201, "close"]);
    expect(await server.ended).toBe(0);
  });
});

test("keys new makes one of a role and of a tenant, which keys list shows, and of no others", async () => {
  const data = tempFolder();
  const made = await run(["keys", "new", "--name", "support", "--role", "operator", "--tenant", "two", "--data", data]);
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^sjk_/)]);
  expect((await run(["keys", "list", "--data", data])).out).toMatch(/^[0-9a-z]{26} {2}\S+Z {2}operator {2}two {2}support\n$/);
  for (const [flags, why] of [
    [["--role", "root"], /--role <role>.*Allowed choices are app, gateway, operator, auditor, admin/],
    [["--tenant", "a b"], /^sojournd: --tenant is "a b"\. Give 1 to 63 letters/],
    [["--sealing", "--role", "app"], /--sealing. cannot be used with option .--role/],
  ] as const) {
    expect(await run(["keys", "new", ...flags, "--data", data])).toMatchObject({ code: 2, out: "", err: expect.stringMatching(why) as string });
  }
  expect((await run(["keys", "list", "--data", data])).out.split("\n")).toHaveLength(2);
});

test("keys speak JSON to programs", { timeout: 60_000 }, async () => {
  const data = tempFolder();
  const made = JSON.parse((await run(["keys", "new", "--name", "till", "--json", "--data", data])).out) as Record<string, string>;
  expect(made).toMatchObject({ name: "till", role: "app", tenant: "main", key: expect.stringMatching(/^sjk_[\w-]{43}$/) as string });
  const { key: _, ...known } = made;
  expect(JSON.parse((await run(["keys", "list", "--json", "--data", data])).out)).toEqual(known);
  expect(known["created"]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect((await run(["keys", "revoke", made["id"] ?? "", "--json", "--data", data])).out).toBe(`{"id":"${made["id"]}","revoked":true}\n`);

  const file = join(data, "sealing");
  const first = JSON.parse((await run(["keys", "new", "--file", file, "--json"])).out) as Record<string, string>;
  expect(first).toEqual({ id: first["id"], file, seals: true });
  const second = JSON.parse((await run(["keys", "rotate", "--file", file, "--json"])).out) as Record<string, string>;
  const listed = (await run(["keys", "list", "--file", file, "--json"])).out.trim().split("\n");
  expect(listed.map((line) => JSON.parse(line) as object)).toMatchObject([
    { id: second["id"], seals: true },
    { id: first["id"], seals: false },
  ]);
  expect(JSON.parse((await run(["keys", "retire", first["id"] ?? "", "--yes", "--file", file, "--json"])).out)).toEqual({
    id: first["id"],
    file,
    retired: true,
  });
  expect(JSON.parse((await run(["keys", "new", "--sealing", "--json"])).out)).toEqual({
    id: expect.stringMatching(/^[\w-]+$/) as string,
    key: expect.stringMatching(/^[\w-]{43}$/) as string,
  });
});

function headers(key: string): Record<string, string> {
  return { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe("what keeps it from starting is one line, with the fix, and exit code 1, or 2 if the command line cannot be meant", () => {
  async function refused(args: readonly string[], line: RegExp, expected = 1): Promise<void> {
    const { code, out, err } = await run(args, { SOJOURN_KEY: `sjk_${"k".repeat(43)}` });
    expect(err).toMatch(line);
    expect([code, out, err.trim().split("\n").length]).toEqual([expected, "", 1]);
  }

  test("a port in use", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    later(() => holder.close());
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as AddressInfo;
    await refused(
      ["serve", "--port", String(port), "--data", tempFolder()],
      new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use\\. .*--port or SOJOURN_PORT`),
    );
  });

  test("an address that others can reach", () => refused(["serve", "--host", "0.0.0.0"], /0\.0\.0\.0 is not a loopback address.*--behind-tls/));

  test("an address of another machine", () =>
    refused(["serve", "--behind-tls", "--host", "192.0.2.1", "--port", "0", "--data", tempFolder()], /192\.0\.2\.1 is no address of this machine/));

  test("a file in the data folder's place", async () => {
    const file = join(tempFolder(), "data");
    writeFileSync(file, "");
    await refused(["serve", "--data", file], /data folder .*\/data cannot be one: a file is in its place.*--data or SOJOURN_DATA/);
    await refused(["serve", "--data", join(file, "x")], /data folder .*\/data\/x cannot be .*ENOTDIR.*--data or SOJOURN_DATA/);
  });

  test.each(["noise", "cut off"])("a store file that is %j", async (what) => {
    const data = tempFolder();
    await run(["keys", "new", "--data", data]);
    const file = join(data, "sessions/data.mdb");
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, what === "cut off" ? readFileSync(file).subarray(0, 9_000) : what.repeat(10_000));
    await refused(["serve", "--port", "0", "--data", data], /sessions.*data\.mdb cannot be used: .*backup/);
  });

  test("a wrong option", () => refused(["serve", "--silent"], /^sojournd: unknown option '--silent'$/m, 2));
});
