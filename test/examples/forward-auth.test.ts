import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { missing } from "@sojourn/peers/programs";
import { startNginx } from "@sojourn/peers/proxies";
import { afterEach, describe, expect, test } from "vitest";
import { root } from "../tree.ts";
import { example, run, until } from "./running.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const sojournd = join(root, "packages/server/bin/sojournd.js");

describe("examples/forward-auth", () => {
  const site = example("forward-auth", "@sojourn/client");
  const { started, kill } = site;
  const lacks = missing("nginx-light curl", "nginx", "curl");

  test(
    "a folder of pages behind nginx: nobody comes in without a log-in, nor after it was ended, nor by saying who they are",
    { timeout: 60_000 },
    async ({ skip }) => {
      skip(site.lacks !== false, String(site.lacks));
      skip(lacks !== undefined, lacks);
      const data = join(site.scratch(), "data");
      const keyOf = (role: string): string =>
        execFileSync(process.execPath, [sojournd, "keys", "new", "--role", role, "--data", data], { encoding: "utf8" }).trim();
      const [app, gateway] = [keyOf("app"), keyOf("gateway")];

      const server = started(process.execPath, [sojournd, "serve", "--data", data, "--port", "0"]);
      const [, api = ""] = await until(server.out, /"address":"(http:[^"]*)"/);
      const login = started(process.execPath, [join(site.folder, "login.js")], { SOJOURN: api, KEY: app });
      const [, loginPort = ""] = await until(login.out, /on port (\d+)/);
      const behind: Record<string, unknown>[] = [];
      const backend = createServer((request, response) => {
        behind.push(request.headers);
        response.end("the application");
      }).listen(0, "127.0.0.1");
      undo.push(() => (backend.closeAllConnections(), backend.close()));
      await new Promise((resolve) => backend.once("listening", resolve));

      const config = readFileSync(join(site.folder, "nginx.conf"), "utf8")
        .replaceAll("127.0.0.1:7300", new URL(api).host)
        .replaceAll("127.0.0.1:3000", `127.0.0.1:${loginPort}`)
        .replaceAll("127.0.0.1:3001", `127.0.0.1:${(backend.address() as AddressInfo).port}`)
        .replace("root ../site", `root ${join(site.folder, "site")}`)
        .replace("include key.conf;", `proxy_set_header Authorization "Bearer ${gateway}";`);
      const nginx = await startNginx((port) => config.replace("127.0.0.1:8080", `127.0.0.1:${port}`));
      undo.push(() => nginx.stop());
      const url = `http://localhost:${nginx.port}`;
      const jar = join(site.scratch(), "jar");
      const curl = async (...args: readonly string[]): Promise<string> =>
        (await run("curl", ["-sS", "-m", "10", "-b", jar, "-c", jar, "-w", " %{http_code} %{redirect_url}", ...args])).stdout.replaceAll(/\s+/g, " ").trim();
      const toLogin = expect.stringMatching(new RegExp(` 303 ${url}/login$`)) as string;

      expect(await curl(`${url}/`)).toEqual(toLogin);
      expect(await curl("-H", "Sojourn-Subject: admin", `${url}/app/`)).toEqual(toLogin);
      expect(await curl("-d", "user=ada&password=coffee", `${url}/login`)).toMatch(/ 403$/);
      expect(await curl("-d", "user=ada&password=tea", "-H", "Sec-Fetch-Site: cross-site", `${url}/login`)).toMatch(/ ?403$/);
      expect(await curl(`${url}/`)).toEqual(toLogin);

      expect(await curl("-d", "user=ada&password=tea", `${url}/login`)).toMatch(new RegExp(`303 ${url}/$`));
      expect(await curl(`${url}/`)).toMatch(/Only for who is logged in\..* 200$/);
      const forged = ["-H", "Sojourn-Subject: admin", "-H", "Sojourn_Subject: admin", "-H", "Sojourn-Methods: hwk", "-H", "Sojourn-Session-Id: x"];
      expect(await curl(...forged, `${url}/app/report?of=may`)).toBe("the application 200");
      expect(behind.map((headers) => Object.entries(headers).filter(([name]) => name.startsWith("sojourn")))).toEqual([
        [
          ["sojourn-subject", "ada"],
          ["sojourn-session-id", expect.stringMatching(/^[0-9a-z]{26}$/)],
        ],
      ]);
      // What asks is not to be asked from outside, and its key is nowhere to be seen.
      expect(await curl(`${url}/session`)).toMatch(/ 404$/);
      expect(JSON.stringify(behind)).not.toContain("sjk_");

      const ended = await fetch(`${api}/v1/subjects/ada/sessions`, { method: "DELETE", headers: { Authorization: `Bearer ${app}` } });
      expect(await ended.json()).toEqual({ ended: 1 });
      expect(await curl(`${url}/`)).toEqual(toLogin);

      expect(await curl("-d", "user=ada&password=tea", `${url}/login`)).toMatch(/303/);
      expect(await curl("-X", "POST", `${url}/logout`)).toMatch(new RegExp(`303 ${url}/login$`));
      expect(readFileSync(jar, "utf8")).not.toContain("__Host-Http-session");
      expect(await curl("-d", "user=ada&password=tea", `${url}/login`)).toMatch(/303/);
      expect(await curl(`${url}/`)).toMatch(/ 200$/);
      await kill(server.child);
      expect(await curl(`${url}/`)).toMatch(/ 500$/);
      // No log-out either: the cookie stays with a session that still lives.
      expect(await curl("-X", "POST", `${url}/logout`)).toMatch(/ 503$/);
      expect(readFileSync(jar, "utf8")).toContain("__Host-Http-session");
      expect(behind).toHaveLength(1);
    },
  );
});
