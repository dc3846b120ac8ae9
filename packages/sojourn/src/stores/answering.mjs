// The other end of child.fixture.ts: what a test's child process does with what it is asked.
import { inspect } from "node:util";

/**
 * Does each `{ n, run, with }` that comes, and answers `{ n, result }` or `{ n, error }`. Says that it is ready.
 * @param {Readonly<Record<string, (what: any) => unknown>>} commands
 */
export function answering(commands) {
  process.on("message", ({ n, run, with: what }) => {
    // The first step may throw as well.
    new Promise((resolve) => resolve(commands[run](what))).then(
      (result) => process.send({ n, result }),
      (/** @type {unknown} */ error) => process.send({ n, error: inspect(error) }),
    );
  });
  // A parent that died must not leave this behind.
  process.on("disconnect", () => process.exit());
  process.send({ n: 0, result: "ready" });
}
