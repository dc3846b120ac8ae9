import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { run } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { commandLine, type CommandLine } from "./command-line.fixture.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await commandLine();
});
afterAll(cleanUp);

/** Nothing on standard output, one line on standard error. */
function said(code: number, why: RegExp): object {
  return { code, out: "", err: expect.stringMatching(new RegExp(`^sojournd: .*${why.source}.*\n$`, why.flags)) as string };
}

describe("2, wrong usage: nothing was tried", () => {
  test.each<readonly [readonly string[], RegExp]>([
    [["sessions", "list"], /Whose sessions, or which\? Say --subject, --kind, or both\./],
    [["sessions", "search", "--agent", "x"], /Say --subject, --kind, or both\./],
    [["sessions", "list", "--kind", "api", "--limit", "0"], /--limit is "0"\. Give a whole number from 1, or say --all\./],
    [["sessions", "list", "--kind", "api", "--limit", "1", "--all"], /--limit and --all/],
    [["sessions", "list", "--kind", "a b"], /kind must be a letter and up to 62/],
    [["sessions", "list", "--kin", "x"], /unknown option '--kin' \(Did you mean --kind\?\)/],
    [["sessions", "show"], /missing required argument 'id'/],
    [["sessions", "lst"], /unknown command 'lst' \(Did you mean list\?\)/],
    [["sesions"], /unknown command 'sesions' \(Did you mean sessions\?\)/],
    [["sessions", "show", "a b"], /"a b" is no session's id/],
    [["sessions", "end-all", "--issued-before", "soon", "--yes"], /--issued-before is "soon"\. Give a moment/],
    [["sessions", "search", "--kind", "api", "--live", "--ended"], /'--live' cannot be used with option '--ended'/],
    [["webhooks", "add", "https://example.com", "--event", "born"], /Allowed choices are created, changed, ended/],
    [["sessions", "list", "--kind", "api", "--address", "ftp://x"], /--address is no address of a server\. Give a URL such as/],
    [["sessions", "list", "--kind", "api", "--address", "http://me:hunter2@127.0.0.1"], /--address is no address of a server/],
    [["keys", "new", "--name", "ä"], /--name is/],
    [["--al"], /unknown option '--al'/],
  ])("%j", async (args, why) => {
    const ran = await line.run(...args);
    expect(ran).toEqual(said(2, why));
    expect(ran.err).not.toContain("hunter2");
  });

  test("a token where an id belongs is not repeated, and not sent", { timeout: 60_000 }, async () => {
    const { token } = await line.server.begin();
    const before = line.server.logged.length;
    for (const args of [
      ["sessions", "show", token],
      ["sessions", "end", token],
      ["checkpoints", "list", token],
    ]) {
      const ran = await line.run(...args);
      expect(ran).toEqual(said(2, /a session's token, which is a secret/));
      expect(ran.err).not.toContain(token.split(".")[1]);
    }
    expect(line.server.logged).toHaveLength(before);
  });

  test.each([[], ["sessions"], ["keys"]])("%j without a command below prints its help", async (...args) => {
    expect(await line.run(...args)).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^Usage: sojournd/) as string });
  });
});

describe("the key", () => {
  const list = ["sessions", "list", "--kind", "api"];

  test("is that of --key-file, else of SOJOURN_KEY, else for this machine that of serve --dev", { timeout: 60_000 }, async () => {
    const { SOJOURN_KEY: good = "", SOJOURN_ADDRESS = "", SOJOURN_DATA = "" } = line.environment;
    const file = join(tempFolder(), "key");
    writeFileSync(file, `${good}\n`, { mode: 0o600 });
    expect(await run([...list, "--key-file", file], { ...line.environment, SOJOURN_KEY: "sjk_bad" })).toMatchObject({ code: 0 });
    expect(await run(list, { SOJOURN_ADDRESS, SOJOURN_DATA })).toEqual(
      said(2, /There is no application key: .*application-key cannot be read \(ENOENT\)\. Give one in SOJOURN_KEY/),
    );
    writeFileSync(join(SOJOURN_DATA, "application-key"), `${good}\n`, { mode: 0o600 });
    expect(await run(list, { SOJOURN_ADDRESS, SOJOURN_DATA })).toMatchObject({ code: 0 });
    expect(await run([...list, "--data", SOJOURN_DATA], { SOJOURN_ADDRESS })).toMatchObject({ code: 0 });
    // To no other machine.
    expect(await run([...list, "--address", "http://192.0.2.1"], { SOJOURN_DATA })).toEqual(said(2, /There is no application key for http:\/\/192\.0\.2\.1\./));
    chmodSync(file, 0o644);
    expect(await run([...list, "--key-file", file], line.environment)).toEqual(said(2, /can be read by others \(mode 0644\)\. Change that with chmod 600/));
  });

  test("that has another shape is not sent and not shown", async () => {
    expect(await run(list, { ...line.environment, SOJOURN_KEY: "hunter2" })).toEqual(said(2, /There is no application key in SOJOURN_KEY\. It is "sjk_"/));
  });
});

describe("3, refused", () => {
  test("an unknown key, and a role that may not", { timeout: 60_000 }, async () => {
    const list = ["sessions", "list", "--kind", "api"];
    expect(await run(list, { ...line.environment, SOJOURN_KEY: newKey() })).toEqual(
      said(3, /not one of ours, or was revoked\. .*The key came from SOJOURN_KEY\./),
    );
    const key = newKey();
    await line.server.keys.add(key, { name: "eyes", role: "auditor" });
    const auditor = { ...line.environment, SOJOURN_KEY: key };
    expect(await run(list, auditor)).toMatchObject({ code: 0 });
    const { id } = await line.server.begin({ subject: "ada" });
    for (const args of [
      ["sessions", "end", id],
      ["sessions", "show", id, "--reveal"],
      ["subjects", "end", "ada", "--yes"],
      ["checkpoints", "create", id, "x"],
      ["webhooks", "remove", "x"],
      ["sessions", "end-all", "--yes"],
    ])
      expect(await run(args, auditor)).toEqual(said(3, /role auditor/));
    expect((await line.server.call("GET", `/v1/sessions/${id}`)).body).not.toHaveProperty("ended");
  });
});

describe("4, not reached", () => {
  async function answering(status: number, type: string, body: string): Promise<string> {
    const server = createServer((_, response) => response.writeHead(status, { "Content-Type": type }).end(body)).listen(0, "127.0.0.1");
    later(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("nobody listens, a store is down, something else answers", { timeout: 60_000 }, async () => {
    const list = ["sessions", "list", "--kind", "api", "--address"];
    const ended = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => ended.once("listening", resolve));
    const { port } = ended.address() as AddressInfo;
    await new Promise((resolve) => ended.close(resolve));
    expect(await line.run(...list, `http://127.0.0.1:${port}`)).toEqual(
      said(4, /There was no answer from http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. See that a server is there, or name another with --address/),
    );
    const down = JSON.stringify({ title: "x", status: 503, code: "store_unavailable", detail: "The store is down.\u001b[2J" });
    expect(await line.run(...list, await answering(503, "application/problem+json", down))).toEqual(said(4, /The store is down\.\\x1b\[2J/));
    expect(await line.run(...list, await answering(502, "text/html", "<h1>Bad gateway</h1>"))).toEqual(
      said(4, /Something else than sojournd answered with 502/),
    );
  });
});

test("1, not found", async () => {
  expect(await line.run("sessions", "show", "nobody")).toMatchObject({ code: 1, out: "" });
});

describe("help", () => {
  test.each([
    ["sessions", "list"],
    ["sessions", "show"],
    ["sessions", "search"],
    ["sessions", "watch"],
    ["sessions", "end"],
    ["sessions", "end-all"],
    ["subjects", "end"],
    ["checkpoints", "diff"],
    ["webhooks", "add"],
    [],
    ["serve"],
  ])("of %s %s says what the exit codes mean", async (...words) => {
    const { code, out, err } = await line.run(...words, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^Usage: sojournd/);
    expect(out).toMatch(/Exit codes.*0 .*1 .*2 wrong usage/s);
  });

  test("lists every command, loads no store and no server for it, and knows `help <command>`", { timeout: 60_000 }, async () => {
    const { out } = await line.run("--help");
    for (const command of ["serve", "sessions", "subjects", "checkpoints", "webhooks", "keys", "backup", "restore", "compact", "scrub", "migrate", "sms"])
      expect(out).toMatch(new RegExp(`^  ${command} +\\w`, "m"));
    expect(await loadedBy("--help")).toEqual(["commander", "server"]);
    expect(await loadedBy("sessions", "list", "--help")).toEqual(["api", "commander", "server", "sojourn"]);
    expect((await line.run("help", "keys")).out).toMatch(/^Usage: sojournd keys/);
    expect((await line.run("help", "sessions", "list")).out).toMatch(/^Usage: sojournd sessions/);
  });
});

/** The packages of which files are loaded. */
async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const hook = 'import { writeSync } from "node:fs"; export async function load(url, context, next) { writeSync(2, url + "\\n"); return next(url, context); }';
  const script = join(tempFolder(), "hook.mjs");
  writeFileSync(script, `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`);
  const { err } = await line.bash(`"$NODE" --import ${script} "$BIN" ${args.join(" ")}`);
  const packages = err.split("\n").flatMap((url) => /^file:.*\/(?:packages|node_modules)\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return [...new Set(packages)].toSorted();
}
