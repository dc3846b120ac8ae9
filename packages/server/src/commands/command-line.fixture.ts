import { spawn } from "node:child_process";
import { once } from "node:events";
import { later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

/** How it ended, and what it wrote. */
export type Ran = Awaited<ReturnType<typeof run>>;

/** A server, and the program with the key of an admin, "desk", in its environment. */
export interface CommandLine {
  readonly server: TestServer;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs it to its end. */
  run(...args: readonly string[]): Promise<Ran>;
  /** Leaves it running. */
  start(...args: readonly string[]): Sojournd;
  /** Runs a line of bash, in which `sojournd` is the program. */
  bash(line: string): Promise<Ran>;
  /** The same on a terminal, where `typed` is typed once a prompt ends in `: `. What it writes comes in `out`. */
  terminal(args: readonly string[], typed?: string): Promise<Ran>;
}

const bin = new URL("../../bin/sojournd.js", import.meta.url).pathname;

/** Starts a server of its own. */
export async function commandLine(settings: Parameters<typeof testServer>[0] = {}): Promise<CommandLine> {
  const server = await testServer(settings);
  const key = newKey();
  await server.keys.add(key, { name: "desk", role: "admin" });
  const environment = { SOJOURN_ADDRESS: server.address, SOJOURN_KEY: key, SOJOURN_DATA: tempFolder() };

  async function shell(program: string, args: readonly string[], more: Readonly<Record<string, string>>, typed?: string): Promise<Ran> {
    const child = spawn(program, args, { stdio: "pipe", env: { ...process.env, ...environment, ...more, NODE: process.execPath, BIN: bin } });
    later(() => child.kill("SIGKILL"));
    let out = "";
    let err = "";
    let left = typed;
    child.stdout.on("data", (data: Uint8Array) => {
      out += String(data);
      if (left === undefined || !/: (\u001b\[\d+G)?$/.test(out)) return;
      child.stdin.write(left);
      left = undefined;
    });
    child.stderr.on("data", (data: Uint8Array) => (err += String(data)));
    const [code] = (await once(child, "close")) as [number];
    return { code, out, err };
  }

  return {
    server,
    environment,
    run: (...args) => run(args, environment),
    start: (...args) => sojournd(args, environment),
    bash: (line) => shell("bash", ["-c", `sojournd() { "$NODE" "$BIN" "$@"; }\n${line}`], {}),
    terminal: (args, typed) =>
      shell(
        "script",
        ["-qec", `"$NODE" "$BIN" ${args.map((arg) => `'${arg.replaceAll("'", String.raw`'\''`)}'`).join(" ")}`, "/dev/null"],
        { TERM: "xterm", NO_COLOR: "" },
        typed,
      ),
  };
}
