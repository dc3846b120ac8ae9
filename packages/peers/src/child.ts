import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that runs until it is stopped, at the latest when this process ends. */
export interface Child {
  readonly pid: number;
  /** True once it has ended. */
  readonly over: boolean;
  /** What it wrote, the last 64 kB. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  ended(): Promise<void>;
  /** Asks it to end, kills it after 5 s, and resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
}

const running = new Set<Child>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program. What it writes is kept for the message of a failure. */
export function startChild(program: string, args: readonly string[], options: ChildOptions = {}): Child {
  const started = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let over = false;
  const end = new Promise<void>((resolve) => {
    started.once("error", (error) => {
      text += String(error);
      over = true;
      resolve();
    });
    started.once("exit", () => {
      over = true;
      running.delete(child);
      resolve();
    });
  });
  for (const stream of [started.stdout, started.stderr]) stream.on("data", (data: Buffer) => (text = (text + data.toString()).slice(-65_536)));
  const child: Child = {
    pid: started.pid ?? 0,
    get over() {
      return over;
    },
    output: () => text,
    kill: (signal) => void (over || started.kill(signal)),
    ended: () => end,
    async stop(signal = "SIGTERM") {
      if (over) return;
      // One that was stopped would not hear it.
      started.kill("SIGCONT");
      started.kill(signal);
      const late = setTimeout(() => started.kill("SIGKILL"), 5_000);
      await end;
      clearTimeout(late);
    },
  };
  running.add(child);
  return child;
}

/** Asks again and again until the answer comes without an error. @throws the last error, with what the child wrote, after `ms` or when the child has ended. */
export async function ready<T>(child: Child, ask: () => Promise<T>, ms = 20_000): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (child.over || Date.now() > until) throw new Error(`it did not get ready: ${String(error)}\n${child.output()}`, { cause: error });
      await sleep(20);
    }
  }
}

/** A new folder under the machine's folder for temporary files, and how to remove it. */
export function tempFolder(what: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `sojourn-${what}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
