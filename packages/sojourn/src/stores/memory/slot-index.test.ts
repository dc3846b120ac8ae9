import fc from "fast-check";
import { expect, test } from "vitest";
import { slotIndex } from "./slot-index.ts";

/** Of one segment and of neighbouring places there, some with another hash above them. */
const hashes = [0, 1, 2, 3, 8, 9].map((place) => place << 6);
const sessions = [1, 2, 3];

test("finds exactly the pairs of hash and session that it was given, also where a session stands under several hashes side by side", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...hashes), fc.constantFrom(...sessions), fc.boolean()), { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(steps, (history) => {
      const index = slotIndex();
      const held = new Set<string>();
      for (const [hash, session, replaced] of history) {
        const name = `${hash} ${session}`;
        const other = sessions.find((by) => !held.has(`${hash} ${by}`));
        if (!held.has(name)) {
          index.insert(hash, session);
          held.add(name);
        } else if (replaced && other !== undefined) {
          index.replace(hash, session, other);
          held.delete(name);
          held.add(`${hash} ${other}`);
        } else {
          index.remove(hash, session);
          held.delete(name);
        }
        const found = hashes.flatMap((one) => sessions.filter((is) => index.find(one, (each) => each === is) === is).map((is) => `${one} ${is}`));
        expect(new Set(found)).toEqual(held);
      }
    }),
    { numRuns: 300 },
  );
});
