import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { example, run, until } from "./running.ts";

describe("examples/sms", () => {
  const sms = example("sms", "zod");
  const { started, kill } = sms;

  test("in the terminal: a reminder, a survey whose answers are checked, kill -9, and both go on to their end", { timeout: 60_000 }, async ({ skip }) => {
    skip(sms.lacks !== false, String(sms.lacks));
    const first = started(process.execPath, [join(sms.folder, "app.js")], { REMIND: "1s" });
    await until(first.out, /0001: Your table, Friday 19:00\. Will you come\?\n {2}1 Yes\n {2}2 No\n\+3584570002: How was the food, from 1 to 5\?\n/);
    first.child.stdin?.write("+3584570002 delicious\n5\n");
    await until(first.out, /0002: A number from 1 to 5, please\. How was the food, from 1 to 5\?\n\+3584570002: And the service\?\n/);
    await until(first.out, /0001: Please answer 1 or 2\. Your table, Friday 19:00/);
    await sleep(100);
    await kill(first.child);

    const second = started(process.execPath, [join(sms.folder, "app.js")]);
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
    skip(sms.lacks !== false, String(sms.lacks));
    const { child, out } = started(process.execPath, [join(sms.folder, "app.js")]);
    await until(out, /How was the food/);
    const site = /http:\/\/localhost:\d+/.exec(out())?.[0] ?? "";
    const { curl } = sms;
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
    skip(sms.lacks !== false, String(sms.lacks));
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
    const config = await run(process.execPath, [join(sms.folder, "app.js"), "kannel-config"], { env: { ...process.env, ...settings } });
    const groups = [
      `group = core\nadmin-port = ${admin}\nadmin-interface = 127.0.0.1\nadmin-password = status\nsmsbox-port = ${box}\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1`,
      `group = smsc\nsmsc = fake\nport = ${fake}\nconnect-allow-ip = 127.0.0.1`,
      `group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = ${sendsms}\nsendsms-interface = 127.0.0.1`,
      config.stdout,
    ];
    writeFileSync(join(sms.scratch(), "kannel.conf"), groups.join("\n\n"));
    const app = started(process.execPath, [join(sms.folder, "app.js")], settings);
    await until(app.out, new RegExp(`port ${port}`));
    for (const [program, its] of [
      ["bearerbox", fake],
      ["smsbox", sendsms],
    ] as const) {
      started(join(boxes ?? "", program), ["-v", "4", join(sms.scratch(), "kannel.conf")]);
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
