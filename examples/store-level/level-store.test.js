// The contract that every store keeps, with Node's own test runner: the promises are data, and need no other.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ClassicLevel } from "classic-level";
import { createSessions } from "sojourn";
import { playHistory, storeContract } from "sojourn/testing";
import assert from "node:assert/strict";
import { levelStore } from "./level-store.js";

const folder = mkdtempSync(join(tmpdir(), "level-store-"));
const db = new ClassicLevel(folder);
await db.open();
const store = levelStore(db);
after(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

for (const [promise, check] of Object.entries(storeContract)) {
  test(promise, async (context) => {
    const lacks = await check({ open: () => store });
    if (lacks !== undefined) context.skip(lacks);
  });
}

test("random changes become in it what they become in the library's own model of a store", async () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let run = 0; run < 10; run++) {
    const history = Array.from({ length: 30 }, () => Array.from({ length: 12 + random(36) }, () => random(2 ** 31)));
    await playHistory({ open: () => store }, history);
  }
});

test("sessions outlive the process: what was written is there when the database is opened again", async () => {
  const first = createSessions({ store });
  const { token } = await first.create({ subject: "ada", data: { cart: ["pear"] } });
  await db.close();
  await assert.rejects(first.resume(token), { code: "store_unavailable" });
  await db.open();
  const session = await createSessions({ store }).resume(token);
  assert.deepEqual(session?.get("cart"), ["pear"]);
});
