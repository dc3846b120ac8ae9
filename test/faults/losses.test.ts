import { networksMissing } from "@sojourn/peers/networks";
import { describe, expect, test } from "vitest";
import { isLost, lossRounds } from "./losses-rounds.mjs";

const missing = networksMissing();

describe("a node is lost under load: what was acknowledged against what is there", () => {
  for (const { store, fault, keeps, needs, run } of lossRounds) {
    test(`${store}: ${fault}`, { timeout: 120_000 }, async ({ skip }) => {
      const lacks = missing ?? (await needs());
      if (lacks !== undefined) skip(lacks);
      const losses = await run();
      console.log(
        `${store}: ${losses.acknowledged} changes acknowledged in ${losses.sessions} sessions; ${losses.lost} sessions went back; ${losses.revived} of ${losses.ended} ended ones live again; no answer for ${losses.longestPause} ms`,
      );
      expect(losses.wrong).toEqual([]);
      expect(losses.acknowledged).toBeGreaterThan(100);
      expect(losses.ended).toBeGreaterThan(0);
      if (keeps) expect(isLost(losses)).toBe(false);
    });
  }
});
