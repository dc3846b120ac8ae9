import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, cookieOf, startApps, type Apps } from "./apps.ts";

for (const [name, store, processes] of [
  ["memory", "memory", 1],
  ["lmdb with 4 processes", "lmdb", 4],
] as const) {
  describe(`requests that overlap, over HTTP: ${name}`, () => {
    let apps: Apps;
    let turn = 0;
    const port = (): number => apps.ports[turn++ % apps.ports.length] as number;
    beforeAll(async () => {
      apps = await startApps(store, processes, { limit: { perSubject: 3, whenFull: "end-oldest" } });
    });
    afterAll(() => apps.stop());

    const begin = async (): Promise<string> => String(cookieOf(await ask(port(), "/set?name=begun&value=1")));

    test("200 pairs of parallel requests, each changing a different field of one session: 0 of 400 updates lost", async () => {
      const cookie = await begin();
      for (let batch = 0; batch < 10; batch++) {
        const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(port(), `/set?name=f${batch * 40 + n}&value=${n}`, cookie)));
        expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      }
      const { data } = (await ask(port(), "/read", cookie)).body as { data: Record<string, string> };
      expect(Object.keys(data).filter((field) => field.startsWith("f"))).toHaveLength(400);
    });

    test("60 parallel increments of one field count to 60", async () => {
      const cookie = await begin();
      await Promise.all(Array.from({ length: 60 }, () => ask(port(), "/add?name=count", cookie)));
      expect(((await ask(port(), "/read", cookie)).body as { data: { count: number } }).data.count).toBe(60);
    });

    test("100 slow writes overlapping a logout: 0 revived, each is 401 or landed before, none sets a cookie", async () => {
      const cookie = await begin();
      const slow = Array.from({ length: 100 }, (_, n) => ask(port(), `/set?name=late&value=${n}&wait=${n * 3}`, cookie));
      const out = await new Promise<Awaited<ReturnType<typeof ask>>>((resolve) => setTimeout(() => resolve(ask(port(), "/logout", cookie)), 100));
      expect(out.cookies.join()).toContain("Max-Age=0");
      const answers = await Promise.all(slow);
      expect(answers.flatMap(({ cookies }) => cookies).filter((set) => !set.startsWith("__Host-Http-session="))).toEqual([]);
      const refused = answers.filter(({ status }) => status === 401);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.flatMap(({ cookies }) => cookies)).toEqual([]);
      for (const each of apps.ports) expect((await ask(each, "/read", cookie)).body).toEqual({ data: {} });
    });

    test("50 parallel log-ins with limit 3: never more than 3 live, and 3 at the end", async () => {
      let most = 0;
      let done = false;
      const watch = (async () => {
        while (!done) most = Math.max(most, ((await ask(port(), "/live?subject=ada")).body as string[]).length);
      })();
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(port(), "/login?subject=ada")));
      done = true;
      await watch;
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      expect(most).toBeLessThanOrEqual(3);
      expect((await ask(port(), "/live?subject=ada")).body).toHaveLength(3);
      const live = await Promise.all(answers.map(async (answer) => ((await ask(port(), "/read", cookieOf(answer))).body as { subject?: string }).subject));
      expect(live.filter((subject) => subject === "ada")).toHaveLength(3);
    });

    test("log in, log out, log in again, with three slow requests of the first session in flight: the last log-in's cookie stands", async () => {
      // A browser's cookie jar: the last Set-Cookie that arrives wins.
      let jar: string | undefined;
      const browse = async (path: string): Promise<number> => {
        const answer = await ask(port(), path, jar);
        const set = answer.cookies[0];
        if (set !== undefined) jar = set.includes("Max-Age=0") ? undefined : set.split(";")[0];
        return answer.status;
      };
      await browse("/login?subject=bob");
      const slow = [300, 350, 400].map((wait) => browse(`/set?name=late&value=1&wait=${wait}`));
      await browse("/logout");
      await browse("/login?subject=bob");
      const last = jar;
      expect(await Promise.all(slow)).toEqual([401, 401, 401]);
      expect(jar).toBe(last);
      expect((await ask(port(), "/read", jar)).body).toMatchObject({ subject: "bob", data: {} });
    });
  });
}
