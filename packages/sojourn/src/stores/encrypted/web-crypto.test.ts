import { afterEach, describe, expect, test, vi } from "vitest";
import type { Store } from "../../core/seam.ts";
import { newKey } from "../../sealed/keys.ts";
import { newId } from "../../testing/new-id.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { memoryStore } from "../memory/memory.ts";
import type { encrypted } from "./encrypted.ts";

// What it is to be on Workers, as far as that can be had here: no node:crypto, and every answer of the platform a promise.
async function withWebCrypto(): Promise<typeof encrypted> {
  vi.resetModules();
  vi.doMock("#sealing", () => import("../../sealed/platform/web.ts"));
  return (await import("./encrypted.ts")).encrypted;
}

async function withNode(): Promise<typeof encrypted> {
  vi.resetModules();
  vi.doUnmock("#sealing");
  return (await import("./encrypted.ts")).encrypted;
}

afterEach(() => {
  vi.doUnmock("#sealing");
});

const [key, names] = [newKey(), newKey()];

describe("the store contract, with WebCrypto alone", () => {
  let store: Promise<Store> | undefined;
  const opened = (): Promise<Store> => (store ??= withWebCrypto().then((made) => made(memoryStore(), [key], { names })));
  keepsTheContract({ open: opened });
});

test("what one platform sealed and named, the other opens and finds", async () => {
  const inner = memoryStore();
  const web = (await withWebCrypto())(inner, [key], { names });
  const node = (await withNode())(inner, [key], { names });
  expect(web.load(newId())).toBeUndefined();
  for (const [one, other] of [
    [web, node],
    [node, web],
  ] as const) {
    const id = newId();
    const text = JSON.stringify("é👩‍👩‍👧".repeat(5_000));
    await one.commit({ id, expect: "absent", kind: "k", subject: `of ${id}`, claim: [`alias ${id}`], set: { text, empty: "" } });
    const meant = { subject: `of ${id}`, aliases: [`alias ${id}`], fields: { text, empty: "" } };
    expect(await other.load(id)).toMatchObject(meant);
    expect((await other.find({ subject: `of ${id}` })).records).toMatchObject([meant]);
    expect((await other.find({ alias: `alias ${id}` })).records).toMatchObject([meant]);
  }
  expect([node.load(newId()), node.find({ subject: "x" })].some((answer) => answer instanceof Promise)).toBe(false);
});
