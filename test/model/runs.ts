import { expect } from "vitest";
import { check, type Check } from "./check.ts";

/** Another one in each run, told so that a run can be repeated: SOJOURN_SEED, and SOJOURN_HISTORIES for how many (then however long they take). */
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const asked = Number(process.env["SOJOURN_HISTORIES"] ?? 0);

/** ms, for a test of which nobody knows how many histories it is asked for. */
export const patience = 3_600_000;

/** No history goes wrong; `within` ms as many as can be, unless a number is asked for. */
export async function holds(what: Omit<Check, "seed">): Promise<void> {
  const { story } = await check({ ...what, seed, ...(asked > 0 && { histories: asked, within: patience }) });
  if (story !== undefined) expect.fail(story);
}
