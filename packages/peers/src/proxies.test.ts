import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { missing } from "./programs.ts";
import { startHaproxy, startNginx, type Proxy } from "./proxies.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function backend(name: string): Promise<number> {
  const server = createServer((_, response) => void response.end(name)).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  undo.push(() => (server.closeAllConnections(), server.close()));
  return (server.address() as AddressInfo).port;
}

const nginx =
  (to: number, more = "") =>
  (port: number): string =>
    `daemon off; pid nginx.pid; events {}
http { access_log off; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e; ${more}
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${to}; } } }`;

const haproxy =
  (to: number, more = "") =>
  (port: number): string =>
    `global
  stats socket unix@haproxy.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
${more}
listen all
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${to}
`;

async function answerOf({ url }: Proxy): Promise<string> {
  return (await fetch(url)).text();
}

const noNginx = missing("nginx-light", "nginx");
test.skipIf(noNginx !== undefined)(
  `nginx starts, takes up another configuration, keeps the old one when the new one is wrong, and ends (${noNginx ?? "nginx"})`,
  async () => {
    const proxy = await startNginx(nginx(await backend("one")));
    undo.push(() => proxy.stop());
    expect(await answerOf(proxy)).toBe("one");
    await proxy.reload(nginx(await backend("two")));
    expect(await answerOf(proxy)).toBe("two");
    await expect(proxy.reload(nginx(1, "no_such_thing on;"))).rejects.toThrow(/unknown directive "no_such_thing"/);
    expect(await answerOf(proxy)).toBe("two");
    await proxy.stop();
    expect([existsSync(proxy.folder), proxy.child.over]).toEqual([false, true]);
    await expect(fetch(proxy.url)).rejects.toThrow();
    await expect(startNginx(nginx(1, "no_such_thing on;"))).rejects.toThrow(/unknown directive "no_such_thing"/);
  },
);

const noHaproxy = missing("haproxy", "haproxy");
test.skipIf(noHaproxy !== undefined)(`haproxy starts, answers its runtime commands, and ends (${noHaproxy ?? "haproxy"})`, async () => {
  const proxy = await startHaproxy(haproxy(await backend("one")));
  undo.push(() => proxy.stop());
  expect(await answerOf(proxy)).toBe("one");
  expect(await proxy.command("show stat")).toMatch(/^all,one,/m);
  await proxy.command("set server all/one state maint");
  expect((await fetch(proxy.url)).status).toBe(503);
  await proxy.stop();
  expect([existsSync(proxy.folder), proxy.child.over]).toEqual([false, true]);
  await expect(startHaproxy(haproxy(1, "  no_such_thing\n"))).rejects.toThrow(/no_such_thing/);
});
