import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterAll(cleanUp);

const run = promisify(execFile);
/** As it is installed: which authorities are believed is said to a process when it starts. */
const built = new URL("../../dist/webhooks/attempt.js", import.meta.url).href;

test("over TLS the target's certificate is checked", { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  await run(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "1"].concat([
      "-subj",
      "/CN=127.0.0.1",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    ]),
  );
  const bodies: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => void bodies.push(text));
    request.on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const code = `
    import { senderTo } from ${JSON.stringify(built)};
    const sender = senderTo({ url: new URL(${JSON.stringify(url)}), named: true });
    for (const body of ["one", "two"]) console.log(JSON.stringify(await sender.send(body, {}, new AbortController().signal)));
    sender.close();`;
  const attempts = async (env: Readonly<Record<string, string>>): Promise<unknown[]> => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], { env: { PATH: process.env["PATH"] ?? "", ...env } });
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  };
  const refused = { ok: false, why: "DEPTH_ZERO_SELF_SIGNED_CERT" };
  expect(await attempts({})).toEqual([refused, refused]);
  expect(bodies).toEqual([]);
  const passed = { ok: true, status: 204 };
  expect(await attempts({ NODE_EXTRA_CA_CERTS: cert })).toEqual([passed, passed]);
  expect(bodies).toEqual(["one", "two"]);
});
