import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { later } from "./clean-up.fixture.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

/** The program, running. */
export interface Sojournd {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Its exit code (or signal) once it has ended. */
  readonly ended: Promise<number | string>;
  /** Waits until the pattern stands in its output. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

const installed = new URL("../bin/sojournd.js", import.meta.url).pathname;

/** Starts it as its users do; `cleanUp` kills it if it still runs. */
export function sojournd(args: readonly string[], environment: Readonly<Record<string, string>> = {}, bin: string = installed): Sojournd {
  const {
    SOJOURN_PORT: _port,
    SOJOURN_HOST: _host,
    SOJOURN_DATA: _data,
    SOJOURN_KEY: _key,
    SOJOURN_ADDRESS: _address,
    SOJOURN_STORE: _store,
    SOJOURN_CONFIG: _config,
    SOJOURN_MIGRATING_FROM: _from,
    SOJOURN_MIGRATING_PHASE: _phase,
    ...rest
  } = process.env;
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...rest, TMPDIR: tempFolder(), ...environment } });
  later(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Uint8Array) => (out += String(data)));
  child.stderr.on("data", (data: Uint8Array) => (err += String(data)));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(out);
        if (match !== null) return match;
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended before it wrote ${String(pattern)}:\n${out}${err}`);
        await Promise.race([sleep(20), ended]);
      }
    },
  };
}

/** Runs it to its end. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  bin?: string,
): Promise<{ code: number | string; out: string; err: string }> {
  const { ended, out, err } = sojournd(args, environment, bin);
  const code = await ended;
  return { code, out: out(), err: err() };
}
