import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { later } from "../clean-up.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

/** `sojournd sms simulate`, running, with somebody at its standard input. */
export interface Simulator {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Its exit code (or signal) once it has ended. */
  readonly ended: Promise<number | string>;
  type(...lines: readonly string[]): void;
  /** Waits until the pattern stands in what it has written since the last call. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What is run: the program as its users have it. */
export const bin: string = new URL("../../bin/sojournd.js", import.meta.url).pathname;

/** @param around a program that runs it, such as one that gives it a terminal; gets the command as one argument. */
export function simulator(args: readonly string[], around?: readonly string[]): Simulator {
  const { SOJOURN_DATA: _data, ...rest } = process.env;
  const command = [process.execPath, bin, "sms", "simulate", ...args];
  const [program = "", ...given] = around === undefined ? command : [...around, command.join(" "), "/dev/null"];
  const child = spawn(program, given, { stdio: "pipe", cwd: tempFolder(), env: { ...rest, TZ: "UTC" } });
  later(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (data: string) => (out += data));
  child.stderr.setEncoding("utf8").on("data", (data: string) => (err += data));
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    type: (...lines) => void child.stdin.write(lines.map((line) => `${line}\n`).join("")),
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(out.slice(seen));
        if (match !== null) {
          seen += match.index + match[0].length;
          return match;
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended before it wrote ${String(pattern)}:\n${out}${err}`);
        await Promise.race([sleep(10), ended]);
      }
    },
  };
}

/** Runs it to its end, with these lines. */
export async function simulated(args: readonly string[], ...lines: readonly string[]): Promise<{ code: number | string; out: string; err: string }> {
  const { type, child, ended, out, err } = simulator(args);
  type(...lines);
  child.stdin.end();
  return { code: await ended, out: out(), err: err() };
}
