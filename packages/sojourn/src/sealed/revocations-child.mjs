// A process of its own for revocations.lmdb.test.ts: a node on an LMDB folder, which is its argument. Takes { run, with }, answers { result } or { error }.
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

/** @param {string} file */
const built = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { callsOf } = await built("core/calls.js");
const { namesOf } = await built("core/names.js");
const { revocationsOf } = await built("sealed/revocations.js");

const root = openLmdb(open, process.argv[2]);
const store = lmdbStore(root);
const calls = callsOf(store, { deadline: 2_000, breaker: undefined }, () => undefined);
const node = revocationsOf(store, calls, namesOf("main"), { clock: Date, floorLag: 1_000, silence: 5_000, unheard: "refuse" });
await node.follow();

const commands = {
  /** Ends the session; the answer is the moment at which it had. */
  end: async ({ id, of }) => {
    const done = await node.end(id, of);
    return { done, at: performance.timeOrigin + performance.now() };
  },
  replace: ({ id, generation, from, until }) => node.replace(id, generation, from, until),
  raise: ({ subject, at }) => node.floors.raise(subject, at, []),
  refused: ({ id, generation, subject, since, now }) => node.refused(id, generation, subject, since, now) ?? "good",
  heard: () => node.heard,
  /** Stops this process while it holds the write lock. The answer comes when it goes on. */
  stopInside: () => root.transactionSync(() => void process.kill(process.pid, "SIGSTOP")),
};

process.on("message", ({ run, with: what }) => {
  new Promise((resolve) => resolve(commands[run](what))).then(
    (result) => process.send({ result }),
    (/** @type {unknown} */ error) => process.send({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.send({ result: "ready" });
