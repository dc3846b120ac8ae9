import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "./tree.ts";

const run = promisify(execFile);
const example = join(root, "examples/express");

describe("examples/express, as its page has it", () => {
  let folder = "";
  let app: ChildProcess | undefined;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-example-"))));
  afterEach(() => {
    app?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the example and gives its address. */
  function start(): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["app.js"], {
        cwd: example,
        env: { ...process.env, PORT: "0", DATA: join(folder, "sessions") },
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
      child.once("exit", (code) => reject(new Error(`the example stopped with ${code}`)));
      app = child;
    });
  }

  /** curl with a cookie jar, as a browser has one. */
  async function curl(...args: readonly string[]): Promise<unknown> {
    const jar = join(folder, "jar");
    const { stdout } = await run("curl", ["-sS", "-b", jar, "-c", jar, "-H", "content-type: application/json", ...args]);
    return JSON.parse(stdout);
  }

  test("a cart, a log-in, a devices page, kill -9, and the session is still there; then a log-out", async ({ skip }) => {
    skip(!existsSync(join(example, "node_modules/express")), "needs its packages (npm ci in examples/express)");
    let at = await start();
    expect(await curl(`${at}/`)).toEqual({ user: null, cart: [], theme: "light" });
    expect(existsSync(join(folder, "jar")) ? await run("grep", ["-c", "session", join(folder, "jar")]).catch(() => "none") : "none").toBe("none");
    expect(await curl("-d", '{"sku":"apple"}', `${at}/cart`)).toEqual({ cart: ["apple"] });
    expect(await curl("-d", '{"user":"ada","password":"wrong"}', `${at}/login`)).toEqual({ error: "wrong password" });
    expect(await curl("-d", '{"user":"ada","password":"correct horse battery staple"}', `${at}/login`)).toEqual({ user: "ada" });
    expect(await curl("-X", "PUT", "-d", '{"theme":"dark"}', `${at}/theme`)).toEqual({ theme: "dark" });
    app?.kill("SIGKILL");
    at = await start();
    expect(await curl(`${at}/`)).toEqual({ user: "ada", cart: ["apple"], theme: "dark" });
    expect(await curl(`${at}/devices`)).toMatchObject({ devices: [{ this: true, address: "127.0.0.1", agent: expect.stringContaining("curl/") as string }] });
    expect(await curl("-X", "DELETE", `${at}/devices/01kb0000000000000000000000`)).toEqual({ ended: false });
    expect(await curl("-X", "POST", `${at}/logout`)).toEqual({ user: null });
    expect(await curl(`${at}/devices`)).toEqual({ error: "log in first" });
  });
});

describe("examples/sms", () => {
  const sms = join(root, "examples/sms");
  let folder = "";
  const running = new Set<ChildProcess>();
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-example-"))));
  afterEach(async () => {
    for (const child of running) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  });

  async function kill(child: ChildProcess): Promise<void> {
    running.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** A process of the test, and what it has written. */
  function started(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): { child: ChildProcess; out: () => string } {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, DATA: join(folder, "sessions"), WEB_PORT: "0", ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    running.add(child);
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (data: string) => (out += data));
    return { child, out: () => out };
  }

  async function until(what: () => string, pattern: RegExp): Promise<void> {
    for (const end = Date.now() + 15_000; !pattern.test(what()); await sleep(10))
      if (Date.now() > end) throw new Error(`It never came to ${String(pattern)}:\n${what()}`);
  }

  test("in the terminal: a reminder, a survey whose answers are checked, kill -9, and both go on to their end", { timeout: 60_000 }, async ({ skip }) => {
    skip(!existsSync(join(sms, "node_modules/zod")), "needs its packages (npm ci in examples/sms)");
    const first = started(process.execPath, [join(sms, "app.js")], { REMIND: "1s" });
    await until(first.out, /0001: Your table, Friday 19:00\. Will you come\?\n {2}1 Yes\n {2}2 No\n\+3584570002: How was the food, from 1 to 5\?\n/);
    first.child.stdin?.write("+3584570002 delicious\n5\n");
    await until(first.out, /0002: A number from 1 to 5, please\. How was the food, from 1 to 5\?\n\+3584570002: And the service\?\n/);
    await until(first.out, /0001: Please answer 1 or 2\. Your table, Friday 19:00/);
    await sleep(100);
    await kill(first.child);

    const second = started(process.execPath, [join(sms, "app.js")]);
    await until(second.out, /Dialogues from before are open\./);
    second.child.stdin?.end("+3584570002 4\n3\n+3584570001 yes\n+3584570003 book Sunday\n2\n");
    expect(await once(second.child, "exit")).toEqual([0, null]);
    expect(second.out().split("\n")).toEqual([
      expect.stringMatching(/^A payment on the web: http:\/\/localhost:\d+$/),
      "Dialogues from before are open.",
      "+3584570002: And the music?",
      "+3584570002: Thank you. We read every answer.",
      'survey is over: done {"grades":[5,4,3]}',
      "+3584570001: See you then.",
      'booking is over: done {"when":"Friday 19:00","comes":true}',
      "+3584570003: Your table, Sunday. Will you come?",
      "  1 Yes",
      "  2 No",
      "+3584570003: It is cancelled. Thank you for telling us.",
      'booking is over: done {"when":"Sunday","comes":false}',
      "",
    ]);
  });

  test("a payment on the web waits for a yes from the phone, and the level of the session that asked is raised", { timeout: 60_000 }, async ({ skip }) => {
    skip(!existsSync(join(sms, "node_modules/zod")), "needs its packages (npm ci in examples/sms)");
    const { child, out } = started(process.execPath, [join(sms, "app.js")]);
    await until(out, /How was the food/);
    const site = /http:\/\/localhost:\d+/.exec(out())?.[0] ?? "";
    const curl = async (jar: string, ...args: readonly string[]): Promise<string> =>
      (await run("curl", ["-sS", "-b", join(folder, jar), "-c", join(folder, jar), ...args])).stdout;
    expect(await curl("one", `${site}/`)).toContain("Log in as Ana");
    await curl("one", "-X", "POST", `${site}/login`);
    await curl("two", "-X", "POST", `${site}/login`);
    expect(await curl("one", "-d", "amount=7", `${site}/pay`)).toContain("Answer the message on your phone");
    await until(out, /0003: Pay 7 euros\?\n {2}1 Yes, it is me\n {2}2 No\n/);
    expect(await curl("one", `${site}/payment`)).toBe("asked");
    child.stdin?.write("+3584570003 1\n");
    await until(out, /approve is over: done true/);
    expect(await curl("two", `${site}/payment`)).toBe("none");
    expect(await curl("one", `${site}/payment`)).toBe("approved");
    expect(await curl("one", `${site}/`)).toContain("Paid 7 euros, by pwd and sms.");
    expect(await curl("two", `${site}/`)).not.toContain("Paid");
    expect(
      (await run("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", "Origin: https://evil.example", `${site}/pay`])).stdout,
    ).toBe("403");
  });

  test("over Kannel, configured as it says: a keyword begins a booking, and the answer ends it", { timeout: 60_000 }, async ({ skip }) => {
    skip(!existsSync(join(sms, "node_modules/zod")), "needs its packages (npm ci in examples/sms)");
    const boxes = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].find((path) => existsSync(join(path, "bearerbox")));
    skip(boxes === undefined, "needs Kannel (apt-get install kannel)");
    const [port, admin, box, fake, sendsms] = (await freePorts(5)) as [number, number, number, number, number];
    const settings = {
      KANNEL_URL: `http://127.0.0.1:${sendsms}/cgi-bin/sendsms`,
      KANNEL_USERNAME: "example",
      KANNEL_PASSWORD: "example-password",
      KANNEL_SECRET: "0123456789abcdef",
      CALLBACK: `http://127.0.0.1:${port}/kannel`,
      PORT: String(port),
      NUMBERS: "+3584570001",
    };
    const config = await run(process.execPath, [join(sms, "app.js"), "kannel-config"], { env: { ...process.env, ...settings } });
    const groups = [
      `group = core\nadmin-port = ${admin}\nadmin-interface = 127.0.0.1\nadmin-password = status\nsmsbox-port = ${box}\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1`,
      `group = smsc\nsmsc = fake\nport = ${fake}\nconnect-allow-ip = 127.0.0.1`,
      `group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = ${sendsms}\nsendsms-interface = 127.0.0.1`,
      config.stdout,
    ];
    writeFileSync(join(folder, "kannel.conf"), groups.join("\n\n"));
    const app = started(process.execPath, [join(sms, "app.js")], settings);
    await until(app.out, new RegExp(`port ${port}`));
    for (const [program, its] of [
      ["bearerbox", fake],
      ["smsbox", sendsms],
    ] as const) {
      started(join(boxes ?? "", program), ["-v", "4", "kannel.conf"]);
      await listening(its);
    }
    const handsets = connect(fake, "127.0.0.1");
    let heard = "";
    handsets.setEncoding("utf8").on("data", (data: string) => (heard += data));
    const say = (text: string): void => void handsets.write(`+358401234567 +3584570001 text ${text}\n`);
    try {
      say("book Sunday");
      await until(() => heard, /^\+3584570001 \+358401234567 text Your table, Sunday\. Will you come\?\n1 Yes\n2 No\n$/);
      say("1");
      await until(() => heard, /text See you then\.\n$/);
      await until(app.out, /booking is over: done \{"when":"Sunday","comes":true\}/);
      expect((await fetch(`http://127.0.0.1:${port}/kannel/message?secret=wrong`)).status).toBe(403);
      app.child.kill("SIGTERM");
      expect(await once(app.child, "exit")).toEqual([0, null]);
    } finally {
      handsets.destroy();
    }
  });

  async function freePorts(count: number): Promise<number[]> {
    const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
    await Promise.all(servers.map((server) => once(server, "listening")));
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    await Promise.all(servers.map((server) => once(server.close(), "close")));
    return ports;
  }

  async function listening(port: number): Promise<void> {
    for (const end = Date.now() + 10_000; ; await sleep(25)) {
      const socket: Socket = connect(port, "127.0.0.1");
      const open = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (open) return;
      if (Date.now() > end) throw new Error(`Nobody listens on port ${port}.`);
    }
  }
});
