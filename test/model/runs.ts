import { expect } from "vitest";
import { check, type Check } from "./check.ts";

/**
 * Without SOJOURN_SEED always the same histories: a run that fails then fails for what was changed, and not for what nobody had met before. To meet that,
 * SOJOURN_SEED=random, with SOJOURN_HISTORIES for how many, however long they take (`npm run test:model`).
 */
const given = process.env["SOJOURN_SEED"] ?? "1";
const seed = given === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const asked = Number(process.env["SOJOURN_HISTORIES"] ?? 0);

/** ms, for a test of which nobody knows how many histories it is asked for. */
export const patience = 3_600_000;

/** No history goes wrong; `within` ms as many as can be, unless a number is asked for. */
export async function holds(what: Omit<Check, "seed">): Promise<void> {
  const { story } = await check({ ...what, seed, ...(asked > 0 && { histories: asked, within: patience }) });
  if (story !== undefined) expect.fail(story);
}
