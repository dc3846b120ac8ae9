import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstSecret, judge, offer, seen, sever, type Secrets } from "./secrets.ts";

const grace = 30_000;

describe("rotation", () => {
  const offered = offer(firstSecret("first", 0), "second", 1_000);

  test("the old secret stays good until the successor has been seen, however long that takes", () => {
    expect(judge(offered, "first", 1_000_000_000, grace)).toBe("current");
    expect(judge(offered, "second", 1_000_000_000, grace)).toBe("successor");
  });

  test("then it has a grace, and after that it betrays a copy", () => {
    const confirmed = seen(offered, "second", 5_000);
    expect(judge(confirmed, "second", 5_000, grace)).toBe("current");
    expect(judge(confirmed, "first", 5_000 + grace, grace)).toBe("grace");
    expect(judge(confirmed, "first", 5_001 + grace, grace)).toBe("reuse");
  });

  test("a successor that got lost is replaced by another; both the secret in use and the last one offered stay good", () => {
    const again = offer(offer(offered, "third", 2_000), "fourth", 3_000);
    expect(judge(again, "first", 3_000, grace)).toBe("current");
    expect(judge(again, "third", 3_000, grace)).toBe("successor");
    expect(judge(again, "fourth", 3_000, grace)).toBe("successor");
    expect(judge(again, "second", 3_000, grace)).toBe("unknown");
  });

  test("the last three are kept, older ones were never issued as far as anybody can tell", () => {
    let secrets: Secrets = firstSecret("0", 0);
    for (let n = 1; n <= 5; n++) secrets = seen(offer(secrets, String(n), n), String(n), n);
    expect(["0", "1", "2", "3", "4", "5"].map((hash) => judge(secrets, hash, 1_000_000, grace))).toEqual([
      "unknown",
      "unknown",
      "reuse",
      "reuse",
      "reuse",
      "current",
    ]);
  });
});

describe("replacement at once", () => {
  test("every former secret is refused from that moment; shown after the grace it betrays a copy", () => {
    const severed = sever(offer(firstSecret("first", 0), "second", 1_000), "third", 2_000);
    expect(judge(severed, "third", 2_000, grace)).toBe("current");
    for (const hash of ["first", "second"]) {
      expect(judge(severed, hash, 2_000, grace)).toBe("replaced");
      expect(judge(severed, hash, 2_001 + grace, grace)).toBe("reuse");
    }
  });

  test("a later rotation gives the severed ones no grace", () => {
    const rotated = seen(offer(sever(firstSecret("first", 0), "second", 1_000), "third", 2_000), "third", 3_000);
    expect(judge(rotated, "second", 3_000, grace)).toBe("grace");
    expect(judge(rotated, "first", 3_000, grace)).toBe("replaced");
  });
});

test("whatever happens: exactly one secret is in use, the list is bounded, and what was never issued is unknown", () => {
  const steps = fc.array(
    fc.oneof(
      fc.constant("offer"),
      fc.constant("sever"),
      fc.nat(5).map((place) => `show ${place}`),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, (actions) => {
      let now = 0;
      let secrets = firstSecret("h0", now);
      let issued = 0;
      for (const action of actions) {
        now += 1_000;
        if (action === "offer") secrets = offer(secrets, `h${++issued}`, now);
        else if (action === "sever") secrets = sever(secrets, `h${++issued}`, now);
        else {
          const hash = secrets.hashes[Number(action.slice(5))];
          if (hash !== undefined && judge(secrets, hash, now, grace) === "successor") secrets = seen(secrets, hash, now);
        }
        const judged = Array.from({ length: issued + 1 }, (_, n) => judge(secrets, `h${n}`, now, grace));
        expect(judged.filter((is) => is === "current")).toHaveLength(1);
        expect(secrets.hashes.length).toBeLessThanOrEqual(6);
        expect(judge(secrets, "never", now, grace)).toBe("unknown");
        if (action === "sever")
          expect(judged.filter((is) => is === "current" || is === "unknown" || is === "replaced" || is === "reuse")).toHaveLength(judged.length);
      }
    }),
  );
});
