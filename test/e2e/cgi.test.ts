import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { root } from "../tree.ts";

const run = promisify(execFile);
const programs = ["/usr/sbin/nginx", "/usr/sbin/fcgiwrap"];
const absent = programs.filter((program) => !existsSync(program));
const running = new Set<ChildProcess>();
let folder = "";
afterEach(async () => {
  // They have children of their own.
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, "SIGTERM");
  running.clear();
  await sleep(100);
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

/** nginx before fcgiwrap before the program: `url` answers once all three do. */
async function serve(): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), "sojourn-cgi-"));
  // nginx as root gives its workers to another user.
  chmodSync(folder, 0o777);
  const data = mkdtempSync(join(folder, "data-"));
  const program = join(root, "test/e2e/shop.cgi.mjs");
  const script = join(folder, "shop");
  writeFileSync(script, `#!/bin/sh\nexec ${process.execPath} ${program}\n`, { mode: 0o755 });
  const sockets = { cgi: join(folder, "cgi.sock"), web: join(folder, "web.sock") };
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`).join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; pid ${join(folder, "nginx.pid")}; error_log ${join(folder, "error.log")}; ${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http { access_log off; ${places}
  server { listen unix:${sockets.web};
    location /cgi/shop { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${script}; fastcgi_param DATA ${data}; fastcgi_pass unix:${sockets.cgi}; } } }
`,
  );
  running.add(spawn("/usr/sbin/fcgiwrap", ["-c", "2", "-s", `unix:${sockets.cgi}`], { stdio: ["ignore", "inherit", "inherit"], detached: true }));
  while (!existsSync(sockets.cgi)) await sleep(20);
  running.add(
    spawn("/usr/sbin/nginx", ["-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "inherit", "inherit"], detached: true }),
  );
  while (!existsSync(sockets.web)) await sleep(20);
  return sockets.web;
}

test("a CGI program keeps a session by links and forms, for a client of HTTP/1.0 without cookies", { timeout: 60_000 }, async ({ skip }) => {
  skip(absent.length > 0, `needs ${absent.join(" and ")} (apt-get install nginx-light fcgiwrap)`);
  const socket = await serve();
  const curl = async (path: string, ...args: readonly string[]): Promise<string> =>
    (await run("curl", ["-sS", "--http1.0", "--unix-socket", socket, "-D", "-", ...args, `http://shop.example${path}`])).stdout;
  const locationOf = (answer: string): string => /^location: (.*)\r$/im.exec(answer)?.[1] ?? "";
  const linkOf = (page: string, id: string): string => new RegExp(`id="?${id}"? href="?([^">]*)`).exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";

  const first = await curl("/cgi/shop");
  expect(first).toContain("<p id=cart></p>");
  expect(first).not.toContain("sid");
  const bought = locationOf(await curl("/cgi/shop", "-d", "sku=lamp"));
  expect(bought).toMatch(/^\/cgi\/shop\?sid=[\w.-]{59}$/);
  const second = await curl(bought);
  expect(second).toContain("<p id=cart>lamp</p>");
  expect(second).not.toMatch(/set-cookie/i);
  expect(linkOf(second, "away")).toBe("https://example.org/");
  const field = /name="?sid"? value="?([\w.-]{59})/.exec(second)?.[1] ?? "";
  const form = await curl("/cgi/shop", "-F", "sku=tea", "-F", `sid=${field}`);
  expect(form).toMatch(/^HTTP\/1\.[01] 303/);
  expect(await curl(linkOf(second, "again"))).toContain("<p id=cart>lamp, tea</p>");
  expect(await curl("/cgi/shop")).toContain("<p id=cart></p>");
});
