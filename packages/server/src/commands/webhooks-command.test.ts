import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { defaultPolicy } from "../config.ts";
import { receiver } from "../webhooks/receiver.fixture.ts";
import { commandLine } from "./command-line.fixture.ts";

afterAll(cleanUp);

test("a webhook is added with a secret by which its deliveries are signed, listed and removed", { timeout: 60_000 }, async () => {
  const target = await receiver();
  const line = await commandLine({ policy: { ...defaultPolicy, webhookHosts: ["127.0.0.1"] } });
  const added = await line.run("webhooks", "add", target.url, "--event", "created", "ended", "--kind", "web");
  expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^whsec_\S+\n$/) as string });
  const [, id = ""] = /^(\S+) sends created and ended to \S+\. Its secret:\n$/.exec(added.err) ?? [];
  const { id: session } = await line.server.begin({ kind: "web" });
  while (target.received.length === 0) await sleep(20);
  expect(target.told(added.out.trim())).toMatchObject([{ data: { id: session } }]);

  const listed = await line.run("webhooks", "list", "--json");
  expect(JSON.parse(listed.out)).toMatchObject({ id, url: target.url, events: ["created", "ended"], kinds: ["web"] });
  expect((await line.run("webhooks", "list")).out).toMatch(new RegExp(`^${id}  ${target.url}  created,ended  web  (-|\\S+Z: ok)\n$`));
  expect(listed.out).not.toContain(added.out.trim());
  expect(await line.run("webhooks", "remove", id)).toEqual({ code: 0, out: `${id} is removed.\n`, err: "" });
  expect((await line.run("webhooks", "remove", id)).code).toBe(1);
  expect((await line.run("webhooks", "add", "http://192.168.0.1/")).code).toBe(2);
});
