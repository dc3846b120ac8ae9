import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A process of its own with a store on a folder. */
export interface Child {
  readonly process: ChildProcess;
  /** Has it do one of the things that lmdb-child.mjs can do, and gives what it answers. */
  ask(run: string, what?: unknown): Promise<unknown>;
  kill(): Promise<void>;
}

/** Starts one. Resolves when its store is open. */
export async function childIn(folder: string): Promise<Child> {
  const child = fork(fileURLToPath(new URL("lmdb-child.mjs", import.meta.url)), [folder], { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const message = (reply: { result?: unknown; error?: string }): void => {
        child.off("exit", exit);
        if (reply.error === undefined) resolve(reply.result);
        else reject(new Error(reply.error));
      };
      const exit = (): void => reject(new Error("the process is gone"));
      child.once("message", message);
      child.once("exit", exit);
    });
  await answer();
  return {
    process: child,
    ask(run, what) {
      const reply = answer();
      child.send({ run, with: what });
      return reply;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
