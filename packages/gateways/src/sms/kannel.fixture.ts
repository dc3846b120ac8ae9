import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian has Kannel in /usr/sbin, which is not on everybody's path. */
const places = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];

function pathOf(program: string): string | undefined {
  return places
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Why Kannel cannot be run here, or `undefined`. */
export const missing: string | undefined =
  pathOf("bearerbox") === undefined || pathOf("smsbox") === undefined ? "no bearerbox and smsbox on this machine: apt-get install kannel" : undefined;

/** A message as a handset of the fake SMSC gets it: the text, or of a long one the octets of its parts, joined by their headers. */
export interface Arrived {
  readonly from: string;
  readonly to: string;
  /** How the fake SMSC wrote it. Of parts it does not tell the alphabet. */
  readonly kind: "text" | "ucs-2" | "data";
  readonly octets: Buffer;
  readonly parts: number;
}

/** All handsets behind the fake SMSC: one connection, lines of `<from> <to> <kind> <octets>`. */
export interface Handsets {
  /** Gives bearerbox a line, as the fake SMSC's client does. */
  say(line: string): void;
  arrived(): readonly Arrived[];
  leave(): void;
}

/** A Kannel of two programs in a folder of its own. */
export interface KannelBoxes {
  /** smsbox's sendsms. */
  readonly url: string;
  readonly handsets: Handsets;
  start(program: "bearerbox" | "smsbox"): Promise<void>;
  signal(program: "bearerbox" | "smsbox", signal: NodeJS.Signals): Promise<void>;
  /** Connects the handsets (again). */
  meet(): Promise<void>;
  /** bearerbox's own account of itself. */
  status(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts Kannel with these groups besides its own. Numbers that begin with +999 come back as messages (a loopback SMSC), +998 is nobody's, all others are of the
 * handsets. smsbox must not outlive bearerbox for long: it goes away then, and comes back 10 s later as another process.
 */
export async function startKannel(config: string, options: { readonly join?: boolean } = {}): Promise<KannelBoxes> {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-kannel-"));
  const [admin, boxes, fake, sendsms] = (await freePorts(4)) as [number, number, number, number];
  const file = join(folder, "kannel.conf");
  const groups = [
    `group = core\nadmin-port = ${admin}\nadmin-interface = 127.0.0.1\nadmin-password = status\nsmsbox-port = ${boxes}\nsmsbox-interface = 127.0.0.1`,
    `box-allow-ip = 127.0.0.1\nlog-file = ${folder}/bearerbox.log\nstore-type = file\nstore-location = ${folder}/store\nsms-combine-concatenated-mo = ${options.join ?? true}`,
    `\ngroup = smsc\nsmsc = fake\nsmsc-id = fake\nport = ${fake}\nconnect-allow-ip = 127.0.0.1\ndenied-prefix = "+999;+998"`,
    '\ngroup = smsc\nsmsc = loopback\nsmsc-id = loop\nhost = loop\nallowed-prefix = "+999"',
    `\ngroup = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = ${sendsms}\nsendsms-interface = 127.0.0.1\nlog-file = ${folder}/smsbox.log`,
    `http-request-retry = 1000\nhttp-queue-delay = 1\n\n${config}`,
  ];
  writeFileSync(file, groups.join("\n"));
  const running = new Map<string, ChildProcess>();
  let socket: Socket | undefined;
  let heard = "";
  let read: { readonly of: string; readonly arrived: readonly Arrived[] } = { of: "", arrived: [] };

  async function status(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${admin}/status.txt?password=status`, { signal: AbortSignal.timeout(5_000) });
    return response.text();
  }

  async function start(program: "bearerbox" | "smsbox"): Promise<void> {
    const child = spawn(pathOf(program) as string, [file], { cwd: folder, stdio: "ignore" });
    running.set(program, child);
    // smsbox is there when bearerbox knows of it and its own port is open.
    const ready = program === "bearerbox" ? /Status: running/ : /smsbox:.*on-line/;
    for (let tries = 0; ; tries++) {
      const told = await status().catch(() => "");
      if (ready.test(told) && (program === "bearerbox" || (await isOpen(sendsms)))) return;
      if (tries > 200 || child.exitCode !== null) throw new Error(`${program} did not start:\n${tail(join(folder, `${program}.log`))}`);
      await sleep(25);
    }
  }

  async function signal(program: "bearerbox" | "smsbox", name: NodeJS.Signals): Promise<void> {
    const child = running.get(program);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(name);
    if (name === "SIGSTOP") while (!isStopped(child.pid as number)) await sleep(5);
    if (name === "SIGKILL") {
      running.delete(program);
      await gone;
    }
  }

  async function meet(): Promise<void> {
    socket?.destroy();
    const opened = connect(fake, "127.0.0.1");
    await once(opened, "connect");
    opened.setEncoding("latin1");
    opened.on("data", (data: string) => (heard += data));
    opened.on("error", () => undefined);
    socket = opened;
    for (let tries = 0; !/FAKE:\d+ \(online/.test(await status()); tries++) {
      if (tries > 200) throw new Error("bearerbox did not take the handsets up.");
      await sleep(25);
    }
  }

  async function stop(): Promise<void> {
    socket?.destroy();
    await signal("smsbox", "SIGKILL");
    await signal("bearerbox", "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await start("bearerbox");
    await start("smsbox");
    await meet();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${sendsms}/cgi-bin/sendsms`,
    handsets: {
      say: (line) => void socket?.write(`${line}\n`),
      arrived() {
        if (read.of !== heard) read = { of: heard, arrived: arrivedIn(heard) };
        return read.arrived;
      },
      leave: () => void socket?.destroy(),
    },
    start,
    signal,
    meet,
    status,
    stop,
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function isOpen(port: number): Promise<boolean> {
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

/** A signal takes its time to reach all threads (Linux: proc(5)). */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((task) => / [Tt] \d+ /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, "latin1")));
}

function tail(file: string): string {
  try {
    return readFileSync(file, "latin1").split("\n").slice(-15).join("\n");
  } catch {
    return "(no log)";
  }
}

/** A text of several lines comes as it is: what does not begin a message goes on with the last. */
function arrivedIn(heard: string): readonly Arrived[] {
  const whole = heard.slice(0, heard.lastIndexOf("\n") + 1);
  const lines = whole.split(/\n(?=\S+ \S+ (?:text|ucs-2|data|udh) |$)/).filter((line) => line !== "");
  const arrived: Arrived[] = [];
  const open = new Map<string, Map<number, Buffer>>();
  for (const line of lines) {
    const [, from = "", to = "", kind = "", rest = ""] = /^(\S+) (\S+) (text|ucs-2|data|udh) ([^]*)$/.exec(line) ?? [];
    if (kind !== "udh") {
      arrived.push({ from, to, kind: kind as Arrived["kind"], octets: kind === "text" ? Buffer.from(rest, "latin1") : unescaped(rest), parts: 1 });
      continue;
    }
    const [header = "", data = ""] = rest.split(" data ");
    const [, , , reference = 0, count = 0, index = 0] = unescaped(header);
    const key = `${from} ${to} ${reference} ${count}`;
    const parts = open.get(key) ?? new Map<number, Buffer>();
    open.set(key, parts.set(index, unescaped(data)));
    if (parts.size < count) continue;
    open.delete(key);
    const octets = Buffer.concat([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part));
    arrived.push({ from, to, kind: "data", octets, parts: count });
  }
  return arrived;
}

function unescaped(text: string): Buffer {
  return Buffer.from(
    text.replaceAll("+", " ").replaceAll(/%([\dA-F]{2})/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    "latin1",
  );
}
