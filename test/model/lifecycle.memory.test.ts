import { memoryStore } from "sojourn/stores/memory";
import { test } from "vitest";
import { holds, patience } from "./runs.ts";

const usual = { store: () => memoryStore(), histories: 1_200, within: 12_000 };

test("in memory, answered at once", async () => holds({ name: "memory", ...usual }), patience);

test("in memory, answered later and in any order", async () => holds({ name: "memory, later", slow: true, ...usual }), patience);
