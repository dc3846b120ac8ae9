import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { programOf, type Runtime } from "./runtimes.ts";

/** A runtime that serves the program. */
export interface Running {
  readonly port: number;
  readonly version: string;
  /** What it has written on stderr. */
  said(): string;
  /** Kills it. */
  stop(): Promise<void>;
}

/** Starts a runtime in the project's folder. Rejects with what it said when it ends, or has not told its port within 20 s. */
export async function startRuntime(modules: string, project: string, runtime: Runtime): Promise<Running> {
  const program = programOf(modules, runtime);
  // Nothing of the environment but what finds folders: no flags for Node, no settings of Bun or Deno.
  const env = { PATH: process.env["PATH"] ?? "", HOME: project, TMPDIR: project, DENO_DIR: project, DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1" };
  const child = spawn(program, runtime.args, { cwd: project, env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (data: string) => (said += data));
  try {
    const told = await firstLine(child, (runtime.tells === "control" ? child.stdio[3] : child.stdout) as Readable, () => said);
    const { port, version = spawnSync(program, ["--version"], { env, encoding: "utf8" }).stdout.trim() } = JSON.parse(told) as Told;
    return { port, version, said: () => said, stop: () => stopped(child) };
  } catch (error) {
    await stopped(child);
    throw error;
  }
}

interface Told {
  readonly port: number;
  readonly version?: string;
}

function firstLine(child: ChildProcess, stream: Readable, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = "";
    stream.on("data", (data: Buffer | string) => {
      line += data.toString();
      if (line.includes("\n")) resolve(line.slice(0, line.indexOf("\n")));
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`It ended with ${code ?? signal}:\n${said()}`)));
    setTimeout(() => reject(new Error(`It has not told its port within 20 s:\n${said()}`)), 20_000).unref();
  });
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()).kill("SIGKILL"));
}
