import { execFile, spawn, type ChildProcess, type ExecFileOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach } from "vitest";
import { root } from "../tree.ts";

export const run: (file: string, args: readonly string[], options?: ExecFileOptions) => Promise<{ stdout: string; stderr: string }> = promisify(execFile);

/** A program of an example, and what it has written. */
export interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
}

/** An example and what one of its tests has started; all of it ends with the test. */
export interface Example {
  readonly folder: string;
  /** Why it cannot be run, if it cannot: its packages are not installed. */
  readonly lacks: string | false;
  /** A folder of its own for each test. */
  readonly scratch: () => string;
  started(program: string, args: readonly string[], environment?: Readonly<Record<string, string>>): Running;
  kill(child: ChildProcess): Promise<void>;
  /** curl with a cookie jar of that name, as a browser has one. Gives the body. */
  curl(jar: string, ...args: readonly string[]): Promise<string>;
}

/** @param name of its folder. @param needs one of its packages. */
export function example(name: string, needs: string): Example {
  const folder = join(root, "examples", name);
  const running = new Set<ChildProcess>();
  let scratch: string | undefined;

  async function kill(child: ChildProcess): Promise<void> {
    running.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  afterEach(async () => {
    for (const child of running) await kill(child);
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
    scratch = undefined;
  });

  const scratchFolder = (): string => (scratch ??= mkdtempSync(join(tmpdir(), "sojourn-example-")));
  return {
    folder,
    lacks: existsSync(join(folder, "node_modules", needs)) ? false : `needs its packages (npm ci in examples/${name})`,
    scratch: scratchFolder,
    started(program, args, environment = {}) {
      const child = spawn(program, args, {
        cwd: folder,
        env: { ...process.env, DATA: join(scratchFolder(), "sessions"), PORT: "0", WEB_PORT: "0", ...environment },
        stdio: ["pipe", "pipe", "inherit"],
      });
      running.add(child);
      let out = "";
      child.stdout.setEncoding("utf8").on("data", (data: string) => (out += data));
      return { child, out: () => out };
    },
    kill,
    async curl(jar, ...args) {
      const file = join(scratchFolder(), jar);
      return (await run("curl", ["-sS", "-b", file, "-c", file, ...args])).stdout;
    },
  };
}

/** Waits until the text has what is looked for; gives it. */
export async function until(what: () => string, pattern: RegExp): Promise<RegExpExecArray> {
  for (const end = Date.now() + 15_000; ; await sleep(10)) {
    const found = pattern.exec(what());
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`It never came to ${String(pattern)}:\n${what()}`);
  }
}
