import { describe, expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { fetchSessions } from "./fetch.ts";

interface Data {
  n: number;
}
const site = (options: Partial<Parameters<typeof fetchSessions>[1]> = {}): ReturnType<typeof fetchSessions<Data>> =>
  fetchSessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined, ...options });
const request = (init?: RequestInit): Request => new Request("https://shop.example/", init);

/** A handler that writes to its session and gives this response. */
const writing = (web: ReturnType<typeof site>, respond: () => Response): ((request: Request) => Promise<Response>) =>
  web.handle(async (given) => {
    (await web.session(given)).set("n", 1);
    return respond();
  });

describe("every kind of response takes what the session adds", () => {
  it.each<[string, () => Response, number]>([
    ["text", () => new Response("x"), 200],
    ["a redirect, whose headers cannot be changed", () => Response.redirect("https://shop.example/next", 303), 303],
    ["204", () => new Response(null, { status: 204 }), 204],
    ["304", () => new Response(null, { status: 304, headers: { etag: '"1"' } }), 304],
    ["json with a phrase", () => Response.json({}, { status: 201, statusText: "Made" }), 201],
    [
      "cookies of its own",
      () =>
        new Response("x", {
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        }),
      200,
    ],
  ])("%s", async (_name, respond, status) => {
    const own = respond().headers.getSetCookie();
    const response = await writing(site(), respond)(request());
    expect(response.status).toBe(status);
    expect(response.statusText).toBe(respond().statusText);
    expect(response.headers.getSetCookie()).toEqual([...own, expect.stringMatching(/^__Host-Http-session=/)]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("location")).toBe(respond().headers.get("location"));
  });

  it("a network error goes through as it is", async () => {
    expect((await writing(site(), () => Response.error())(request())).type).toBe("error");
  });

  it("a constant that the application gives to everybody stays clean", async () => {
    const shared = new Response(null, { status: 204 });
    const handle = writing(site(), () => shared);
    const [one, two] = [await handle(request()), await handle(request())];
    expect([one, two].map((response) => response.headers.getSetCookie().length)).toEqual([1, 1]);
    expect([...shared.headers]).toEqual([]);
  });
});

it("an answer that used no session is the handler's own object", async () => {
  const response = new Response("x", { headers: { "cache-control": "public" } });
  expect(await site().handle(() => response)(request())).toBe(response);
});

it("passes on what else the platform gives", async () => {
  const handle = site().handle((_request, env: { readonly name: string }, n: number) => new Response(`${env.name}${n}`));
  expect(await (await handle(request(), { name: "a" }, 7)).text()).toBe("a7");
});

it("an error of the handler goes on to the platform while no session was changed", async () => {
  const web = site();
  const boom = new Error("boom");
  let kept: Awaited<ReturnType<typeof web.session>> | undefined;
  const handle = web.handle(async (given) => {
    kept = await web.session(given);
    throw boom;
  });
  await expect(handle(request())).rejects.toBe(boom);
  expect(() => kept?.set("n", 1)).toThrow(expect.objectContaining({ code: "response_started" }));
});

it("an error after a change becomes a problem that brings the cookie, and is reported", async () => {
  const reported: unknown[] = [];
  const boom = new Error("boom: a secret");
  const web = site({ onFailure: (error) => void reported.push(error) });
  const response = await web.handle(async (given) => {
    await (await web.session(given)).authenticate("alice");
    throw boom;
  })(request({ method: "POST" }));
  expect([response.status, response.headers.getSetCookie().length, reported]).toEqual([500, 1, [boom]]);
  expect(await response.text()).not.toContain("secret");
});

it("takes no write once the handler has answered", async () => {
  const web = site();
  let later: Promise<unknown> = Promise.resolve();
  await web.handle(async (given) => {
    const session = await web.session(given);
    later = new Promise((done) => setTimeout(done, 1)).then(() => session.set("n", 1));
    return new Response("x");
  })(request());
  await expect(later).rejects.toMatchObject({ code: "response_started" });
});

it("is asked for requests that it handles, and says so otherwise", async () => {
  const web = site();
  await expect(web.session(request())).rejects.toMatchObject({ code: "invalid_option", message: expect.stringMatching(/web\.handle/) as string });
});

it("lets the body of an answer go whose commit failed", async () => {
  const web = fetchSessions(
    createSessions<Data>({
      store: {
        ...memoryStore(),
        commit: () => {
          throw new Error("down");
        },
      },
    }),
    { carriers: [cookie()], onFailure: () => undefined },
  );
  let cancelled = false;
  const response = await writing(
    web,
    () =>
      new Response(new ReadableStream({ cancel: () => void (cancelled = true) }), {
        headers: { "access-control-allow-origin": "https://a.example", etag: '"1"' },
      }),
  )(request());
  expect([
    response.status,
    cancelled,
    response.headers.get("access-control-allow-origin"),
    response.headers.get("etag"),
    response.headers.getSetCookie(),
  ]).toEqual([503, true, "https://a.example", null, []]);
});

it("takes the address from where the platform has it", async () => {
  const sessions = createSessions<Data>({ store: memoryStore() });
  const web = fetchSessions(sessions, { carriers: [cookie()], peer: () => "2001:db8::7" });
  await web.handle(async (given) => {
    await (await web.session(given)).authenticate("alice");
    return new Response();
  })(request({ method: "POST" }));
  const known: unknown[] = [];
  for await (const { address } of sessions.list({ subject: "alice" })) known.push(address);
  expect(known).toEqual(["2001:db8::7"]);
});
