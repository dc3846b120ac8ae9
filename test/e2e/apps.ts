import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("app.mjs", import.meta.url));

/** Processes of one application on one store, and a client that remembers its cookie as a browser does. */
export interface Apps {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly processes: readonly ChildProcess[];
  stop(): Promise<void>;
}

/** What an app answered. */
export interface Answer {
  readonly status: number;
  /** Set-Cookie values. */
  readonly cookies: readonly string[];
  // What the app's routes send is plain JSON of many shapes.
  readonly body: unknown;
}

export async function startApps(
  store: "memory" | "lmdb" | "sealed",
  processes: number,
  settings: object = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Apps> {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-e2e-"));
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [program, store, folder, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    }),
  );
  const ports = await Promise.all(
    children.map(
      (child) =>
        new Promise<number>((resolve, reject) => {
          child.stdout.once("data", (line: Buffer) => resolve(Number(line.toString())));
          child.once("exit", (code) => reject(new Error(`the app stopped with ${code}`)));
        }),
    ),
  );
  return {
    folder,
    ports,
    processes: children,
    async stop() {
      await Promise.all(
        children.map((child) =>
          child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once("exit", resolve).kill("SIGKILL")) : undefined,
        ),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One request; `cookie` as `name=value`. */
export async function ask(port: number, path: string, cookie?: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: cookie === undefined ? {} : { cookie } });
  const text = await response.text();
  return { status: response.status, cookies: response.headers.getSetCookie(), body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
}

/** The `name=value` that an answer set, if it set one. */
export function cookieOf(answer: Answer): string | undefined {
  return answer.cookies[0]?.split(";")[0];
}
