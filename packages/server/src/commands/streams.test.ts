import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { commandLine, type CommandLine } from "./command-line.fixture.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await commandLine();
});
afterAll(cleanUp);

function objects(out: string): readonly Record<string, unknown>[] {
  return out
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

/** Begins sessions of a kind until what watches has told of one: it begins with what happens from then on. */
async function heard(watching: Sojournd, kind: string): Promise<void> {
  for (let told = watching.out(); told === ""; told = watching.out()) {
    if (watching.child.exitCode !== null) throw new Error(`It ended: ${watching.err()}`);
    await line.server.begin({ kind });
    await sleep(50);
  }
}

describe("sessions watch", () => {
  test("tells of each event in a line until ^C, and says from where to go on", { timeout: 60_000 }, async () => {
    const watching = line.start("sessions", "watch", "--kind", "seen");
    await heard(watching, "seen");
    await line.server.begin({ kind: "unseen" });
    const { id } = await line.server.begin({ kind: "seen", subject: "eve\u001b[2J" });
    await watching.until(new RegExp(`^created  ${id}  seen  eve\\\\x1b\\[2J$`, "m"));
    await line.run("sessions", "end", id);
    await watching.until(new RegExp(`^ended {4}${id}  seen  eve\\\\x1b\\[2J  revoked by \\S+`, "m"));
    watching.child.kill("SIGINT");
    expect(await watching.ended).toBe(130);
    expect(watching.out()).not.toMatch(/unseen|\u001b/);
    const [, last = ""] = /^To go on from here: --after (\S+)\n$/.exec(watching.err()) ?? [];

    const next = await line.server.begin({ kind: "seen" });
    const again = line.start("sessions", "watch", "--kind", "seen", "--json", "--after", last);
    await again.until(new RegExp(next.id));
    again.child.kill("SIGTERM");
    expect(await again.ended).toBe(130);
    const [first] = objects(again.out());
    expect(first).toMatchObject({ type: "created", id: next.id, kind: "seen", eventId: expect.any(String) as string });
  });

  test("outlives its server, and says so", { timeout: 60_000 }, async () => {
    const data = tempFolder();
    const serve = async (port: string): Promise<readonly [Sojournd, string]> => {
      const server = sojournd(["serve", "--dev", "--port", port, "--data", data]);
      const [, address = ""] = await server.until(/(http:\/\/127\.0\.0\.1:\d+)\/demo$/m);
      return [server, address];
    };
    const [server, address] = await serve("0");
    const key = readFileSync(join(data, "application-key"), "utf8").trim();
    const begin = async (): Promise<unknown> => fetch(`${address}/v1/sessions`, { method: "POST", headers: { Authorization: `Bearer ${key}` } });
    const watching = sojournd(["sessions", "watch", "--address", address, "--data", data]);
    while (watching.out() === "") {
      await begin();
      await sleep(50);
    }
    server.child.kill("SIGKILL");
    while (!watching.err().includes("The connection is lost.")) await sleep(50);
    const before = watching.out().length;
    await serve(new URL(address).port);
    while (!watching.err().includes("It is there again.")) await sleep(50);
    while (watching.out().length === before) {
      await begin();
      await sleep(50);
    }
    watching.child.kill("SIGINT");
    expect(await watching.ended).toBe(130);
    expect(watching.err()).toMatch(
      /^The connection is lost\. It is asked for again, from where it was, until \^C\.\nIt is there again\.\nTo go on from here: --after \S+\n$/,
    );
  });

  test("is done when nobody reads", { timeout: 60_000 }, async () => {
    const cut = line.bash('sojournd sessions watch --kind cut | head -1; echo "$PIPESTATUS"');
    let over = false;
    void cut.then(() => (over = true));
    while (!over) {
      await line.server.begin({ kind: "cut" });
      await sleep(50);
    }
    expect(await cut).toEqual({ code: 0, err: "", out: expect.stringMatching(/^created {2}\S+ {2}cut {2}-\n0\n$/) as string });
  });
});

describe("sessions search", () => {
  test("finds by what no index has, and says how far it went", { timeout: 60_000 }, async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await line.server.begin({ kind: "search", subject: `s${i}` })).id);
    await line.run("sessions", "end", ids[0] ?? "");
    const all = await line.run("sessions", "search", "--kind", "search");
    expect(all).toMatchObject({ code: 0, err: "5 were looked at, 5 were found.\n" });
    expect(all.out.split("\n").filter((row) => /^\S+  search  s\d  /.test(row))).toHaveLength(5);
    const live = await line.run("sessions", "search", "--kind", "search", "--live", "--created-after", "1h", "--json");
    expect(new Set(objects(live.out).map(({ id }) => id))).toEqual(new Set(ids.slice(1)));
    expect(objects((await line.run("sessions", "search", "--kind", "search", "--ended", "--json")).out)).toMatchObject([
      { id: ids[0], ended: { reason: "revoked" } },
    ]);
    expect((await line.run("sessions", "search", "--kind", "search", "--created-before", "1h")).err).toBe("5 were looked at, 0 were found.\n");
  });
});

describe("sessions end-all", () => {
  async function tenant(name: string): Promise<Readonly<Record<string, string>>> {
    const key = newKey();
    await line.server.keys.add(key, { name: `${name}-admin`, role: "admin", tenant: name });
    return { ...line.environment, SOJOURN_KEY: key };
  }

  async function begin(environment: Readonly<Record<string, string>>, subject: string): Promise<void> {
    const headers = { Authorization: `Bearer ${environment["SOJOURN_KEY"]}`, "Content-Type": "application/json" };
    const { status } = await fetch(`${line.server.address}/v1/sessions`, { method: "POST", headers, body: JSON.stringify({ subject }) });
    expect(status).toBe(201);
  }

  test("ends what the tenant has, and nothing of another's", { timeout: 60_000 }, async () => {
    const two = await tenant("two");
    const mine = await line.server.begin({ subject: "main's" });
    for (let i = 0; i < 3; i++) await begin(two, "ada");
    expect(await run(["sessions", "end-all"], two)).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/^sojournd: This ends every session of the tenant two, for everybody\. .*--yes\.\n$/) as string,
    });
    expect(await run(["sessions", "end-all", "--yes", "--issued-before", "1h"], two)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 sessions were ended/) as string,
    });
    expect(await run(["sessions", "end-all", "--yes"], two)).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringMatching(/^3 sessions were ended; nothing that was issued before \S+Z is good any more\.\n$/) as string,
    });
    expect((await run(["sessions", "list", "--subject", "ada"], two)).out).toBe("");
    expect((await line.server.call("GET", `/v1/sessions/${mine.id}`)).body).not.toHaveProperty("ended");
    const json = await run(["sessions", "end-all", "--yes", "--json"], two);
    expect(objects(json.out)[0]).toEqual({ issuedBefore: expect.stringMatching(/^\d{4}-.*Z$/) as string });
    expect(objects(json.out).at(-1)).toEqual({ done: true, ended: 0 });
  });

  test("goes on in the server after ^C", { timeout: 60_000 }, async () => {
    const three = await tenant("three");
    for (let i = 0; i < 60; i++) await Promise.all(Array.from({ length: 20 }, () => begin(three, `s${i}`)));
    const ending = sojournd(["sessions", "end-all", "--yes", "--json"], three);
    await ending.until(/issuedBefore/);
    ending.child.kill("SIGINT");
    const code = await ending.ended;
    // It may have been quicker than the signal.
    if (code === 130)
      expect(ending.err()).toMatch(
        /^Nothing that was issued before \S+Z is good any more\. The server goes on ending sessions one by one; \d+ were ended so far\.\n$/,
      );
    else expect(code).toBe(0);
    let live = "some";
    while (live !== "") live = (await run(["sessions", "search", "--kind", "api", "--live"], three)).out;
  });

  test("says what stands when the server is lost in the middle", { timeout: 60_000 }, async () => {
    const four = await tenant("four");
    for (let i = 0; i < 3; i++) await begin(four, "ada");
    const cut = await cutAfter("issuedBefore");
    const lost = await run(["sessions", "end-all", "--yes"], { ...four, SOJOURN_ADDRESS: cut });
    expect(lost).toMatchObject({
      code: 4,
      out: "",
      err: expect.stringMatching(
        /^sojournd: The server stopped answering\. Nothing that was issued before \S+Z is good any more; \d+ sessions were ended one by one so far\.\n$/,
      ) as string,
    });
    let live = "some";
    while (live !== "") live = (await run(["sessions", "list", "--subject", "ada"], four)).out;
    const searched = await run(["sessions", "search", "--kind", "api"], { ...four, SOJOURN_ADDRESS: await cutAfter('{"session"') });
    expect([searched.code, searched.err]).toEqual([4, "sojournd: The server stopped answering before it was through: 0 were looked at, 1 were found.\n"]);
    expect(searched.out.trim().split("\n")).toHaveLength(1);
  });

  test("has somebody at the terminal type the tenant's name", { timeout: 60_000 }, async ({ skip }) => {
    if ((await line.bash("type script")).code !== 0) return skip("There is no script (util-linux), which makes a terminal.");
    await line.server.begin({ subject: "typed" });
    const live = async (): Promise<boolean> => (await line.run("sessions", "list", "--subject", "typed")).out !== "";
    expect(await line.terminal(["sessions", "end-all"], "yes\r")).toMatchObject({ code: 1, out: expect.stringContaining("Nothing was ended.") as string });
    expect(await live()).toBe(true);
    expect(await line.terminal(["sessions", "end-all"], "main\r")).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ sessions were ended/) as string });
    expect(await live()).toBe(false);
  });
});

/** The address of a way to the server that is cut right after the first message with such a text. */
async function cutAfter(text: string): Promise<string> {
  const proxy = createServer((client) => {
    const server = connect(line.server.port, "127.0.0.1");
    client.pipe(server);
    let seen = "";
    server.on("data", (bytes: Uint8Array) => {
      const before = seen.length;
      seen += Buffer.from(bytes).toString("latin1");
      const end = seen.includes(text) ? seen.indexOf("\n\n", seen.indexOf(text)) : -1;
      if (end < 0) return void client.write(bytes);
      client.end(bytes.subarray(0, end + 2 - before));
      server.destroy();
    });
    for (const socket of [client, server]) socket.on("error", () => undefined).on("close", () => void client.destroy());
  }).listen(0, "127.0.0.1");
  later(() => proxy.close());
  await once(proxy, "listening");
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}
