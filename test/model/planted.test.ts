import { memoryStore } from "sojourn/stores/memory";
import { expect, test } from "vitest";
import { check } from "./check.ts";
import { planted } from "./planted.ts";

/** The same in each run: whether a suite can fail is no matter of chance. */
const seed = 1;

test.each(Object.entries(planted))(
  "a planted fault is found. %s",
  async (name, { store = (sound) => sound, make }) => {
    const found = await check({
      name: `with a planted fault (${name})`,
      store: () => store(memoryStore()),
      seed,
      histories: 1_000,
      within: 60_000,
      shorten: false,
      ...(make && { make }),
    });
    expect(found.story).toContain("the manager did what the model does not allow");
  },
  120_000,
);
