import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tempFolder } from "@sojourn/peers/child";
import { missingMariadb } from "@sojourn/peers/mariadb";
import { missing } from "@sojourn/peers/programs";
import { missingRedis } from "@sojourn/peers/redis";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { root } from "../tree.ts";
import { behindHaproxy, behindNginx, startNodes, startStore, visitor, type Cluster, type Visitor } from "./cluster.fixture.ts";

const executablePath = "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const packages = existsSync(join(root, "examples/cluster/node_modules/express")) ? undefined : "needs its packages (npm ci in examples/cluster)";

// A balancer does not know the store: where there is no Redis, it is tested on LMDB.
const redis = missingRedis() === undefined ? "redis" : "lmdb";

for (const [proxy, debian, behind, engine] of [
  ["nginx", "nginx-light", behindNginx, redis],
  ["haproxy", "haproxy", behindHaproxy, "lmdb"],
] as const) {
  const lacks = missing(`${debian} curl`, proxy, "curl") ?? packages;
  describe.skipIf(lacks !== undefined)(`three nodes on ${engine} behind ${proxy}${lacks === undefined ? "" : `: ${lacks}`}`, { timeout: 60_000 }, () => {
    const jars = tempFolder("jars");
    let cluster: Cluster;
    let visitors = 0;
    const newVisitor = (): Visitor => visitor(cluster.url, join(jars.path, `${(visitors += 1)}`));

    beforeAll(async () => {
      cluster = await behind(engine);
    }, 60_000);
    afterAll(async () => {
      await cluster?.stop();
      jars.remove();
    });

    /** Visitors until there is one of each node; with a cart. */
    async function oneOfEach(): Promise<Readonly<Record<string, Visitor>>> {
      const found: Record<string, Visitor> = {};
      for (let n = 0; n < 60 && Object.keys(found).length < 3; n++) {
        const one = newVisitor();
        await one.buy("lamp");
        const [route = ""] = /[^.]*$/.exec(one.token() ?? "") ?? [];
        found[route] ??= one;
      }
      expect(Object.keys(found).toSorted()).toEqual(["n1", "n2", "n3"]);
      return found;
    }

    test("visitors stay at the node whose name their token has; others are spread over all", async () => {
      const all = await oneOfEach();
      for (const [name, one] of Object.entries(all)) {
        for (let n = 0; n < 5; n++) expect(await one.look()).toEqual({ node: name, user: null, cart: ["lamp"] });
        expect(await one.buy("tea")).toEqual({ node: name, user: null, cart: ["lamp", "tea"] });
        expect(one.token()).toMatch(new RegExp(`^[0-9a-z]{26}\\.[\\w-]{32}\\.${name}$`));
      }
      // Without a session, nobody is tied to a node.
      const newcomer = newVisitor();
      const served = new Set<string>();
      for (let n = 0; n < 12; n++) served.add((await newcomer.look()).node);
      expect(newcomer.token()).toBeUndefined();
      expect([...served].toSorted()).toEqual(["n1", "n2", "n3"]);
    });

    test("a route that is unknown, none, or another node's is no error; what is no route makes the token nobody's", async () => {
      const { n1: one = newVisitor() } = await oneOfEach();
      const bare = (one.token() ?? "").slice(0, 59);
      for (const token of [`${bare}.n2`, `${bare}.n9`, `${bare}.nodes`, `${bare}.any`, bare, `${bare}.${"x".repeat(32)}`]) {
        one.replace(token);
        const { node, cart } = await one.look();
        expect(cart).toEqual(["lamp"]);
        if (token.endsWith(".n2")) expect(node).toBe("n2");
        expect(one.token()).toBe(token);
      }
      for (const token of [`${bare}.N1`, `${bare}.n1.n1`, `${bare}.${"x".repeat(33)}`, `${bare}.n1/../n2`, `${bare}.%00`]) {
        one.replace(token);
        expect((await one.look()).cart).toEqual([]);
        expect(one.token()).toBe(token);
      }
      one.replace(`${bare}.n1`);
      expect(await one.look()).toEqual({ node: "n1", user: null, cart: ["lamp"] });
    });

    test("the node is killed during a visit: the cart is whole at another, and the visitor is at home again when the node is back", async () => {
      const { n1: one = newVisitor(), n2: two = newVisitor() } = await oneOfEach();
      await cluster.node("n1").kill();
      const after = await one.look();
      expect(after).toMatchObject({ user: null, cart: ["lamp"] });
      expect(after.node).not.toBe("n1");
      expect((await one.buy("tea")).cart).toEqual(["lamp", "tea"]);
      // Nothing that the request itself did gave it another token, so it names n1 still; a log-in does.
      expect(one.token()).toMatch(/\.n1$/);
      expect((await two.look()).node).toBe("n2");
      const deputies = new Set<string>();
      for (let n = 0; n < 6; n++) deputies.add((await one.look()).node);
      // HAProxy goes by a hash of the session's id; nginx's deputies take turns.
      expect([...deputies].toSorted()).toEqual(proxy === "haproxy" ? [after.node] : ["n2", "n3"]);
      await cluster.node("n1").start();
      await until(async () => expect((await one.look()).node).toBe("n1"));
      expect((await one.look()).cart).toEqual(["lamp", "tea"]);
    });

    test("who logs in while the node is down belongs to the node that served, and stays there", async () => {
      const { n1: one = newVisitor() } = await oneOfEach();
      await cluster.node("n1").kill();
      expect(await one.login("ada")).toMatchObject({ user: "ada", cart: ["lamp"] });
      const [route = ""] = /[^.]*$/.exec(one.token() ?? "") ?? [];
      expect(["n2", "n3"]).toContain(route);
      await cluster.node("n1").start();
      const returning = (await oneOfEach())["n1"];
      await until(async () => expect((await returning?.look())?.node).toBe("n1"));
      for (let n = 0; n < 5; n++) expect(await one.look()).toEqual({ node: route, user: "ada", cart: ["lamp"] });
    });

    test("nothing that was acknowledged is lost while nodes are killed one after the other under visitors", async () => {
      const shoppers = Array.from({ length: 4 }, newVisitor);
      const bought = shoppers.map((): string[] => ["lamp"]);
      for (const one of shoppers) await one.buy("lamp");
      const counted: Record<string, number> = {};
      let failed = 0;
      let over = false;
      const visits = shoppers.map(async (one, i) => {
        for (let n = 0; !over; n++) {
          const sku = `tea-${n}`;
          try {
            const { node, cart } = await one.buy(sku);
            expect(cart).toContain(sku);
            bought[i]?.push(sku);
            counted[node] = (counted[node] ?? 0) + 1;
          } catch (error) {
            // Broken off in the middle: done or not, its visitor has to look. That of an assertion is none of these.
            if (!/curl/.test(String(error))) throw error;
            failed += 1;
          }
          await sleep(50);
        }
      });
      for (const name of ["n1", "n2"]) {
        await cluster.node(name).kill();
        await sleep(500);
        await cluster.node(name).start();
        // For the balancer to use it again: with the next one down, both of its deputies would be.
        await sleep(2_200);
      }
      over = true;
      await Promise.all(visits);
      for (const [i, one] of shoppers.entries()) {
        const { cart } = await one.look();
        expect(cart).toEqual(expect.arrayContaining(bought[i] ?? []));
        expect(new Set(cart).size).toBe(cart.length);
      }
      const total = bought.flat().length;
      console.log(
        `${proxy}: ${total} purchases acknowledged and present while two nodes were killed, ${failed} broken off; served by ${JSON.stringify(counted)}`,
      );
      expect(total).toBeGreaterThan(12);
    });

    test("a node that drains keeps its visitors and gets nobody new; afterwards it does", async () => {
      const all = await oneOfEach();
      await cluster.drain("n1");
      for (let n = 0; n < 3; n++) expect(await all["n1"]?.buy(`tea-${n}`)).toMatchObject({ node: "n1" });
      for (let n = 0; n < 12; n++) {
        const one = newVisitor();
        expect((await one.buy("lamp")).node).not.toBe("n1");
        expect(one.token()).toMatch(/\.n[23]$/);
      }
      // Its last visitors move when it ends.
      await cluster.node("n1").kill("SIGTERM");
      expect((await all["n1"]?.look())?.cart).toEqual(["lamp", "tea-0", "tea-1", "tea-2"]);
      await cluster.node("n1").start();
      if (proxy === "nginx") await cluster.undrain("n1");
      await until(async () => expect((await all["n1"]?.look())?.node).toBe("n1"));
      await oneOfEach();
    });

    if (proxy === "haproxy")
      test("HAProxy can be told to drain a node, too", async () => {
        const { n1: one = newVisitor() } = await oneOfEach();
        await cluster.command?.("set server nodes/n1 state drain");
        expect((await one.look()).node).toBe("n1");
        for (let n = 0; n < 9; n++) expect((await newVisitor().buy("lamp")).node).not.toBe("n1");
        await cluster.command?.("set server nodes/n1 state ready");
        await oneOfEach();
      });

    test.skipIf(!existsSync(executablePath))(
      `a visitor in Chromium goes on at another node when theirs is killed${existsSync(executablePath) ? "" : `: there is no ${executablePath}`}`,
      async () => {
        const browser = await chromium.launch({ executablePath, headless: true, args });
        try {
          const page = await (await browser.newContext()).newPage();
          const text = (id: string): Promise<string | null> => page.textContent(`#${id}`);
          await page.goto(`${cluster.url}/`);
          await page.click("#add");
          const home = (await text("node")) ?? "";
          await page.click("#add");
          expect([await text("node"), await text("cart")]).toEqual([home, "teatea"]);
          const route = async (): Promise<string | undefined> => (await page.context().cookies())[0]?.value.split(".")[2];
          expect(await route()).toBe(home);
          await cluster.node(home).kill();
          await page.click("#add");
          expect(await text("cart")).toBe("teateatea");
          expect(await text("node")).not.toBe(home);
          await page.click("#login");
          expect([await text("user"), await text("cart")]).toEqual(["ada", "teateatea"]);
          const next = await route();
          expect(next).not.toBe(home);
          await cluster.node(home).start();
          for (let n = 0; n < 3; n++) {
            await page.reload();
            expect([await text("node"), await text("user"), await text("cart")]).toEqual([next, "ada", "teateatea"]);
          }
        } finally {
          await browser.close();
        }
      },
    );
  });
}

for (const [engine, lacks] of [
  ["redis", missingRedis()],
  ["redis cluster", missingRedis()],
  ["postgres", missing("postgresql", "initdb", "postgres")],
  ["mariadb", missingMariadb()],
  ["nats", missing("nats-server", "nats-server")],
  ["file", undefined],
  ["lmdb", undefined],
] as const) {
  // Where each node reads from its own memory, it hears some milliseconds later what others wrote.
  const known = (what: () => Promise<void>): Promise<void> => (engine === "nats" ? vi.waitFor(what, { timeout: 5_000, interval: 20 }) : what());
  const why = lacks ?? packages;
  test.skipIf(why !== undefined)(
    `what one node was told on ${engine}, the others know ${engine === "nats" ? "soon" : "at once"}${why === undefined ? "" : ` (${why})`}`,
    { timeout: 60_000 },
    async () => {
      const jars = tempFolder("jars");
      const store = await startStore(engine);
      const { nodes, stop } = await startNodes(store.url);
      try {
        const at = nodes.map(({ port }) => visitor(`http://127.0.0.1:${port}`, join(jars.path, "jar")));
        const bought: string[] = [];
        for (let n = 0; n < 9; n++) {
          bought.push(`tea-${n}`);
          expect((await at[n % 3]?.buy(`tea-${n}`))?.cart).toEqual(bought);
          await known(async () => expect(await at[(n + 1) % 3]?.look()).toEqual({ node: `n${((n + 1) % 3) + 1}`, user: null, cart: bought }));
        }
        expect(await at[1]?.login("ada")).toMatchObject({ user: "ada", cart: bought });
        expect(at[0]?.token()).toMatch(/\.n2$/);
        await known(async () => expect(await at[2]?.look()).toEqual({ node: "n3", user: "ada", cart: bought }));
      } finally {
        await stop();
        await store.stop();
        jars.remove();
      }
    },
  );
}

/** Until a balancer has seen that a node is back. */
async function until(check: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 20_000; ; await sleep(100)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
