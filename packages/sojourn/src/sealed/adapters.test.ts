import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Sessions } from "../core/sessions.ts";
import { adapters } from "../http/every-adapter.fixture.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import type { HttpData, HttpDoor, HttpRoute } from "../testing/http-contract-harness.ts";
import { newKey } from "./keys.ts";
import { sealedSessions } from "./sealed-sessions.ts";

beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterAll(() => void vi.restoreAllMocks());

/** The same handlers as with a store. */
const routes: Readonly<Record<string, HttpRoute>> = {
  "GET /read": async (ask) => {
    const session = await ask();
    return { json: { subject: session.subject, n: session.get("n"), articles: session.get("cart")?.length } };
  },
  "GET /nothing": () => ({ text: "nothing" }),
  "POST /add": async (ask) => {
    const session = await ask();
    session.set("n", (session.get("n") ?? 0) + 1);
    return { redirect: "/read" };
  },
  "POST /fill": async (ask) => {
    (await ask()).set(
      "cart",
      Array.from({ length: 100 }, (_, i) => `article number ${i} of the long cart ${i * 7919}`),
    );
    return { text: "filled" };
  },
  "POST /overfill": async (ask) => {
    (await ask()).set("cart", ["x".repeat(20_000)]);
    return { text: "never seen" };
  },
  "POST /empty": async (ask) => {
    (await ask()).delete("cart");
    return { text: "emptied" };
  },
  "POST /login": async (ask) => {
    await (await ask()).authenticate("ana", { keep: ["n"] });
    return { text: "in" };
  },
  "POST /logout": async (ask) => {
    await (await ask()).end();
    return { text: "out" };
  },
};

/** A browser's jar, as far as these cookies need one. */
function jar(url: string): {
  request(method: string, path: string): Promise<Response>;
  readonly cookies: Map<string, string>;
  readonly lines: () => readonly string[];
} {
  const cookies = new Map<string, string>();
  let lines: readonly string[] = [];
  return {
    cookies,
    lines: () => lines,
    async request(method, path) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url + path, { method, redirect: "manual", headers: cookie === "" ? {} : { cookie } });
      lines = response.headers.getSetCookie();
      for (const line of lines) {
        const [pair = ""] = line.split(";");
        const at = pair.indexOf("=");
        expect(pair.length).toBeLessThanOrEqual(4097);
        if (/; Max-Age=0\b/.test(line)) cookies.delete(pair.slice(0, at));
        else cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
      return response;
    },
  };
}

describe.each(Object.entries(adapters))("%s", (_, harness) => {
  test("the handlers of a store's sessions serve sealed ones: cookies only where something was written, several where one is too small", async () => {
    const sessions = sealedSessions<HttpData>({ keys: [newKey()], revocations: memoryStore() });
    const failures: unknown[] = [];
    const door: HttpDoor = {
      sessions: sessions as unknown as Sessions<HttpData>,
      carriers: [{ by: "cookie", name: "__Host-Http-session", sameSite: "Lax" }],
      origins: [],
      proxies: 1,
      onFailure: (error) => failures.push(error),
    };
    const server = await harness.start({ doors: [door], routes });
    try {
      const { request, cookies, lines } = jar(server.url);
      const read = async (): Promise<unknown> => (await request("GET", "/read")).json();
      expect(await read()).toEqual({});
      expect(lines()).toEqual([]);
      await request("POST", "/add");
      await request("POST", "/add");
      expect([...cookies.keys()]).toEqual(["__Host-Http-session"]);
      expect(await read()).toEqual({ n: 2 });
      expect(lines()).toEqual([]);
      const planted = new Map(cookies);
      await request("POST", "/login");
      expect(await read()).toEqual({ subject: "ana", n: 2 });

      await request("POST", "/fill");
      expect([...cookies.keys()].toSorted()).toEqual(["__Host-Http-session", "__Host-Http-session.1"]);
      expect(await read()).toEqual({ subject: "ana", n: 2, articles: 100 });
      const mixed = new Map(cookies).set("__Host-Http-session.1", (cookies.get("__Host-Http-session.1") ?? "").split("").toReversed().join(""));
      const whole = new Map(cookies);
      for (const broken of [mixed, new Map([...whole].slice(0, 1)), new Map([...whole].slice(1))]) {
        const cookie = [...broken].map(([name, value]) => `${name}=${value}`).join("; ");
        expect(await (await fetch(`${server.url}/read`, { headers: { cookie } })).json()).toEqual({});
      }
      const refused = await request("POST", "/overfill");
      expect(refused.status).toBe(413);
      expect(lines()).toEqual([]);
      expect(failures).toEqual([expect.objectContaining({ code: "too_large" })]);
      expect(await read()).toEqual({ subject: "ana", n: 2, articles: 100 });
      await request("POST", "/empty");
      expect([...cookies.keys()]).toEqual(["__Host-Http-session"]);

      const copied = new Map(cookies);
      await request("POST", "/logout");
      expect(cookies.size).toBe(0);
      for (const old of [planted, whole, copied]) {
        const cookie = [...old].map(([name, value]) => `${name}=${value}`).join("; ");
        expect(await (await fetch(`${server.url}/read`, { headers: { cookie } })).json()).toEqual({});
      }
      expect((await request("GET", "/nothing")).headers.get("vary")).toBeNull();
    } finally {
      await server.close();
      await sessions.close();
    }
  });
});
