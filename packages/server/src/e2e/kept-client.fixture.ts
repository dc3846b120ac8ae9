import { Agent, request } from "node:http";
import { later } from "../clean-up.fixture.ts";

/** What a client was told. */
export interface Answer {
  readonly what: "read" | "write" | "begin";
  readonly status: number;
  readonly code: string | undefined;
  /** Refused without a call to the engine, which is left alone. */
  readonly spared: boolean;
  readonly began: number;
  readonly ended: number;
}

/** Asks a server by a connection that is kept. */
export type Asking = (what: Answer["what"], path: string, token?: string, body?: object) => Promise<Answer>;

/** A client of its own; gone with `cleanUp`. */
export function asking(address: string, key: string): Asking {
  // Given up before the server does so, for it would close one that a request is on its way by.
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: 3_000 });
  later(() => agent.destroy());
  const methods = { read: "GET", write: "PATCH", begin: "POST" } as const;
  return (what, path, token, body) =>
    new Promise((resolve) => {
      const began = performance.now();
      // Which no server should ever have a client see.
      const broken = (error: Error): void => resolve({ what, status: 0, code: String(error), spared: false, began, ended: performance.now() });
      const headers = {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        ...(token === undefined ? undefined : { "Sojourn-Session": token }),
      };
      request(address + path, { agent, method: methods[what], headers }, (response) => {
        let text = "";
        response
          .setEncoding("utf8")
          .on("data", (part: string) => (text += part))
          .once("error", broken)
          .once("end", () => {
            const said = JSON.parse(text) as { code?: string; detail?: string };
            const spared = said.detail?.includes("left alone") === true;
            resolve({ what, status: response.statusCode ?? 0, code: said.code, spared, began, ended: performance.now() });
          });
      })
        .once("error", broken)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
}

const share = (numbers: readonly number[], of: number): string => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return String(Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? NaN));
};
/** How many, and how long they took. */
export const times = (answers: readonly Answer[]): string => {
  const took = answers.map(({ began, ended }) => ended - began);
  return `${answers.length}, p50 ${share(took, 0.5)} ms, p99 ${share(took, 0.99)} ms, longest ${share(took, 1)} ms`;
};
/** How many there are of each. */
export const tally = (answers: readonly Answer[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const { what, status, code, spared } of answers) {
    const name = `${what} ${status}${code === undefined ? "" : ` ${code}`}${spared ? " at once" : ""}`;
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
};
