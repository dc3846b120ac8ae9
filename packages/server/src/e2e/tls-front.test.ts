import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { missing } from "@sojourn/peers/programs";
import { startNginx } from "@sojourn/peers/proxies";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { testServer } from "../server.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

const run = promisify(execFile);
const deploy = new URL("../../../../deploy/", import.meta.url);
const lacks = missing("nginx-light curl openssl", "nginx", "curl", "openssl");

/** deploy/nginx.conf as it is, but for its ports, its certificate and its servers. */
async function front(server: string, folder: string): Promise<{ readonly port: number; readonly plain: number }> {
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=sessions.example.com"];
  execFileSync("openssl", [...made, "-addext", "subjectAltName=DNS:sessions.example.com", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const conf = readFileSync(new URL("nginx.conf", deploy), "utf8");
  let plain = 0;
  const nginx = await startNginx((port) => {
    plain = port + 1;
    const here = conf
      .replaceAll(/^ *listen \[::\].*\n/gm, "")
      .replace("listen 80;", `listen 127.0.0.1:${plain};`)
      .replace("listen 443 ssl http2;", `listen 127.0.0.1:${port} ssl http2;`)
      .replace("include /etc/nginx/sojournd-upstream.conf;", readFileSync(new URL("upstream.conf", deploy), "utf8").replace("127.0.0.1:7300", server))
      .replace("/etc/nginx/tls/certificate.pem", certificate)
      .replace("/etc/nginx/tls/key.pem", key);
    expect(here).not.toMatch(/\/etc\/nginx\/(?!conf\.d)/);
    return `daemon off; pid nginx.pid; events {} http { access_log off; ${here} }`;
  });
  later(() => nginx.stop());
  return { port: nginx.port, plain };
}

test(
  "a session begins, is read and ends through deploy/nginx.conf, by TLS and HTTP/2; nothing by plain http; events come as they happen",
  { timeout: 60_000 },
  async ({ skip }) => {
    skip(lacks !== undefined, lacks);
    const server = await testServer({ behindTls: true, allowedHosts: ["sessions.example.com"] });
    const folder = tempFolder();
    const { port, plain } = await front(new URL(server.address).host, folder);
    const url = `https://sessions.example.com:${port}`;
    const common = [
      "-sS",
      "-m",
      "10",
      "--cacert",
      join(folder, "certificate.pem"),
      "--resolve",
      `sessions.example.com:${port}:127.0.0.1`,
      "-H",
      `Authorization: ${server.authorization}`,
    ];
    const curl = async (...args: readonly string[]): Promise<string> => (await run("curl", [...common, ...args])).stdout;

    // What reads events asks before anything happens; it has them while its answer goes on.
    const events = execFile("curl", [...common, "-N", "-m", "20", `${url}/v1/events`]);
    later(() => events.kill());
    let heard = "";
    events.stdout?.on("data", (part: string) => (heard += part));
    await expect.poll(() => heard, { timeout: 5_000 }).not.toBe("");

    const head = await curl(
      "-D",
      "-",
      "-o",
      "/dev/null",
      "--http2",
      "--tlsv1.2",
      "-X",
      "POST",
      "-H",
      "Content-Type: application/json",
      "-d",
      '{"subject":"ada"}',
      `${url}/v1/sessions`,
    );
    expect(head).toMatch(/^HTTP\/2 201/);
    expect(head.toLowerCase()).toContain("strict-transport-security: max-age=31536000; includesubdomains");
    expect(head.toLowerCase()).toContain("cache-control: no-store");
    await expect.poll(() => heard, { timeout: 5_000 }).toContain('"created"');

    const { id, token } = JSON.parse(await curl("-X", "POST", "-H", "Content-Type: application/json", "-d", '{"subject":"ada"}', `${url}/v1/sessions`)) as {
      id: string;
      token: string;
    };
    expect(JSON.parse(await curl("-H", `Sojourn-Session: ${token}`, `${url}/v1/session`))).toMatchObject({ id, subject: "ada" });
    expect(await curl("-X", "DELETE", "-H", `Sojourn-Session: ${token}`, "-w", "%{http_code}", `${url}/v1/session`)).toBe("204");
    expect(await curl("-H", `Sojourn-Session: ${token}`, "-o", "/dev/null", "-w", "%{http_code}", `${url}/v1/session`)).toBe("401");

    // Forward auth gives its cookie as for TLS; a name that is not the server's is refused; 1.1 and old TLS are not.
    expect(await curl("--http1.1", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", `${url}/readyz`)).toBe("1.1 200");
    await expect(curl("--tls-max", "1.1", `${url}/readyz`)).rejects.toThrow();
    expect(await curl("-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example", `${url}/readyz`)).toBe("421");

    const redirect = await new Promise<readonly [number | undefined, string | undefined]>((done) => {
      request({ host: "127.0.0.1", port: plain, path: "/v1/sessions?x=1", headers: { Host: "sessions.example.com" } }, ({ statusCode, headers }) =>
        done([statusCode, headers.location]),
      ).end();
    });
    expect(redirect).toEqual([308, "https://sessions.example.com/v1/sessions?x=1"]);
  },
);
