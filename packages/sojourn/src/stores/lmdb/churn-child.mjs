// A process of its own for scrub.test.ts: begins, claims, moves, ends and erases sessions until it is told to stop. The folder is its argument.
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

const root = openLmdb(open, process.argv[2]);
const store = lmdbStore(root);
const name = String(process.pid);
let going = true;
let commits = 0;
process.once("message", () => (going = false));
process.send({ ready: true });

async function loop(lane) {
  const held = [];
  for (let n = 0; going; n++) {
    const id = `0${name}x${lane}x${n}`.padEnd(26, "0");
    const alias = `${name}.${lane}.${n % 3}`;
    const changes = [
      { id, expect: "absent", kind: `main:k${n % 2}`, subject: `main:s${n % 5}`, wake: n, claim: [`${alias}.${n}`, alias] },
      { id, expect: "live", set: { n: String(n) } },
      { id, expect: "live", wake: n - 10, subject: `main:t${n % 7}` },
      { id, expect: "live", ended: "{}", wake: n + 10 },
    ];
    for (const change of changes) {
      await store.commit(change);
      commits++;
    }
    held.push(id);
    if (held.length > 20) await store.commit({ id: held.shift(), expect: 4, erase: true });
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => loop(lane)));
await store.close();
await root.close();
process.send({ commits });
process.disconnect();
