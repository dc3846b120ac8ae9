import { afterEach, expect, it, vi } from "vitest";
import type { copiedResponse } from "./copied-response.ts";

afterEach(() => void vi.restoreAllMocks());

/** As a runtime has it on which `new Response("")` has no type, or one. */
async function copiedWhere(typed: boolean): Promise<typeof copiedResponse> {
  vi.resetModules();
  const module = await import("./copied-response.ts");
  const has = vi.spyOn(Headers.prototype, "has").mockReturnValueOnce(typed);
  module.copiedResponse(new Response(null));
  has.mockRestore();
  return module.copiedResponse;
}

it.each([true, false])("is another response, and the one it was made of stays as it is (types are headers: %s)", async (typed) => {
  const copied = await copiedWhere(typed);
  for (const given of [
    new Response("a page", { status: 201, statusText: "Made", headers: { etag: '"1"' } }),
    new Response(new Uint8Array([1, 2]), { headers: { "x-own": "1" } }),
    new Response(null, { status: 204 }),
  ]) {
    const before = [...given.headers];
    const { status, statusText } = given;
    const copy = copied(given);
    expect([copy.status, copy.statusText, [...copy.headers]]).toEqual([status, statusText, before]);
    copy.headers.set("x-new", "1");
    expect([...given.headers]).toEqual(before);
  }
  expect(await copied(new Response("a page")).text()).toBe("a page");
});

it("has headers that can be changed where a redirect's cannot", async () => {
  const copied = await copiedWhere(true);
  const copy = copied(Response.redirect("https://shop.example/next", 303));
  copy.headers.set("x-new", "1");
  expect([copy.status, copy.headers.get("location"), copy.headers.get("x-new")]).toEqual([303, "https://shop.example/next", "1"]);
});

it("passes a stream on as it comes and its end to the source, also where the body is not taken out", async () => {
  const copied = await copiedWhere(false);
  let pulled = 0;
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array([pulled++])),
    cancel: () => void (cancelled = true),
  });
  const reader = copied(new Response(source)).body?.getReader();
  for (let n = 0; n < 50; n++) expect((await reader?.read())?.value).toEqual(new Uint8Array([n]));
  expect(pulled).toBeLessThan(60);
  await reader?.cancel();
  expect(cancelled).toBe(true);
});
