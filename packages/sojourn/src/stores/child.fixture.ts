import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A process of its own that does what it is asked: a program that ends with `answering` of answering.mjs. */
export interface Child {
  readonly process: ChildProcess;
  /** Has it do one of the things that its program can do, and gives what it answers. */
  ask(run: string, what?: unknown): Promise<unknown>;
  kill(): Promise<void>;
}

/** Starts one. Resolves when it is ready. */
export async function startChild(program: URL, args: readonly string[]): Promise<Child> {
  const child = fork(fileURLToPath(program), args, { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  /** Each answer names its question: a test that failed before all its answers came must not give them to the next. */
  const answer = (n: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const message = (reply: { n: number; result?: unknown; error?: string }): void => {
        if (reply.n !== n) return;
        child.off("message", message);
        child.off("exit", exit);
        if (reply.error === undefined) resolve(reply.result);
        else reject(new Error(reply.error));
      };
      const exit = (): void => reject(new Error("the process is gone"));
      child.on("message", message);
      child.once("exit", exit);
    });
  await answer(0);
  let asked = 0;
  return {
    process: child,
    ask(run, what) {
      const n = (asked += 1);
      const reply = answer(n);
      child.send({ n, run, with: what });
      return reply;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Races as a harness of the contract runs them, in processes of their own, kept from one check to the next. */
export interface Racers {
  race(job: string, params: readonly unknown[]): Promise<unknown[]>;
  end(): Promise<void>;
}

/** @param start gives the next one; its program answers `job` with `runStoreJob`. */
export function racers(start: (n: number) => Promise<Child>): Racers {
  const started: Child[] = [];
  return {
    async race(job, params) {
      while (started.length < params.length) started.push(await start(started.length));
      return Promise.all(params.map((param, i) => (started[i] as Child).ask("job", { job, params: param })));
    },
    async end() {
      for (const racer of started.splice(0)) await racer.kill();
    },
  };
}
