import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, createServer as createHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storeUnavailable } from "../../core/errors.ts";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { nodeSessions } from "./node.ts";

interface Data {
  n: number;
}
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});
async function serve(listener: (...given: Parameters<RequestListener>) => unknown): Promise<number> {
  const server = createServer((req, res) => void listener(req, res));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}
const newWeb = (options: Partial<Parameters<typeof nodeSessions>[1]> = {}): ReturnType<typeof nodeSessions<Data>> =>
  nodeSessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined, ...options });

describe("curl keeps a session over plain http on this machine, with the cookie as it is by default", () => {
  it.each(["127.0.0.1", "localhost"])("http://%s", async (host) => {
    const web = newWeb();
    const port = await serve(async (req, res) => {
      if (!web.middleware(req, res)) return;
      const session = await web.session(req, res);
      session.set("n", (session.get("n") ?? 0) + 1);
      res.end(String(session.get("n")));
    });
    const folder = mkdtempSync(join(tmpdir(), "jar-"));
    try {
      const jar = join(folder, "jar");
      const curl = async (...more: string[]): Promise<string> =>
        (await promisify(execFile)("curl", ["-sS", "-4", "-b", jar, "-c", jar, ...more, `http://${host}:${port}/`])).stdout;
      expect([await curl(), await curl(), await curl("-X", "POST")]).toEqual(["1", "2", "3"]);
      expect(readFileSync(jar, "utf8")).toContain("__Host-Http-session");
      expect(await curl("-X", "POST", "-H", "Sec-Fetch-Site: cross-site")).toContain("cross_site");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it("says once that browsers will drop the cookie when it goes over plain http to another host", async () => {
  const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  try {
    const web = newWeb();
    const port = await serve(async (req, res) => {
      (await web.session(req, res)).set("n", 1);
      res.end();
    });
    const call = async (host: string): Promise<unknown> => promisify(execFile)("curl", ["-sS", "-H", `Host: ${host}`, `http://127.0.0.1:${port}/`]);
    for (const host of ["localhost:3000", "app.localhost", "127.0.0.1", "[::1]:80"]) await call(host);
    expect(emit).not.toHaveBeenCalled();
    await call("shop.example");
    await call("shop.example");
    expect(emit).toHaveBeenCalledTimes(1);
    expect(emit.mock.calls[0]?.[0]).toMatch(/plain http.*trustedProxies\(1\).*insecure/);
  } finally {
    emit.mockRestore();
  }
});

it("an answer that does not wait for the session it asked for still waits for the commit, and a visit that fails refuses nothing that was answered", async () => {
  const web = newWeb();
  const port = await serve((req, res) => {
    void web
      .session(req, res)
      .then((session) => session.set("n", 1))
      .catch((error: unknown) => res.end((error as { code: string }).code));
    res.write("early ");
  });
  const { stdout } = await promisify(execFile)("curl", ["-sS", "-i", `http://127.0.0.1:${port}/`]);
  expect(stdout).toMatch(/early response_started$/);
  expect(stdout).not.toMatch(/set-cookie/i);
});

it("reports why a problem took the place of an answer, on stderr by default for what is the server's fault", async () => {
  const store = memoryStore();
  const down = {
    ...store,
    commit: () => {
      throw storeUnavailable("gone");
    },
  };
  const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const web = nodeSessions(createSessions<Data>({ store: down }), { carriers: [cookie()] });
    const port = await serve(async (req, res) => {
      if (!web.middleware(req, res)) return;
      (await web.session(req, res)).set("n", 1);
      res.end();
    });
    const curl = async (...more: string[]): Promise<string> =>
      (await promisify(execFile)("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", ...more, `http://127.0.0.1:${port}/`])).stdout;
    expect(await curl("-X", "POST", "-H", "Sec-Fetch-Site: cross-site")).toBe("403");
    expect(report).not.toHaveBeenCalled();
    expect(await curl()).toBe("503");
    expect(report.mock.calls).toEqual([[expect.stringMatching(/^sojourn: store_unavailable: /)]]);
  } finally {
    report.mockRestore();
  }
});

it("works on HTTP/2 through Node's compatibility API", async () => {
  const emit = vi.spyOn(process, "emitWarning");
  const web = newWeb();
  const server = createHttp2((req, res) => {
    void (async () => {
      const request = req as never;
      const response = res as never;
      if (!web.middleware(request, response)) return;
      const session = await web.session(request, response);
      session.set("n", (session.get("n") ?? 0) + 1);
      res.setHeader("x-a", "1");
      res.end(String(session.get("n")));
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const call = (headers: Record<string, string>): Promise<{ head: Record<string, unknown>; body: string }> =>
      new Promise((done, failed) => {
        const stream = client.request({ ":path": "/", ...headers });
        let head: Record<string, unknown> = {};
        let body = "";
        stream
          .setEncoding("utf8")
          .on("response", (given) => (head = given))
          .on("data", (data) => (body += data))
          .on("end", () => done({ head, body }))
          .on("error", failed);
        stream.end();
      });
    const first = await call({});
    expect(first).toMatchObject({ head: { ":status": 200, "cache-control": "no-store", vary: "Cookie", "x-a": "1" }, body: "1" });
    const given = (first.head["set-cookie"] as string[])[0]?.split(";")[0] as string;
    expect(await call({ cookie: given })).toMatchObject({ body: "2" });
    expect((await call({ ":method": "POST", "sec-fetch-site": "cross-site", cookie: given })).head[":status"]).toBe(403);
    expect((await call({ ":method": "POST", origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cookie: given })).body).toBe("3");
  } finally {
    client.close();
    expect(emit).not.toHaveBeenCalled();
    emit.mockRestore();
    await new Promise((done) => server.close(done));
  }
});

it("refuses settings that mean nothing", () => {
  const sessions = createSessions<Data>({ store: memoryStore() });
  for (const options of [
    { carriers: [] },
    { carriers: [cookie()], origins: ["shop.example"] },
    { carriers: [cookie()], origins: ["https://shop.example/"] },
    { carriers: [cookie()], origins: ["null"] },
  ]) {
    expect(() => nodeSessions(sessions, options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  }
});

it("answers although the application's own report of a failure fails", async () => {
  const down = { ...memoryStore(), commit: () => Promise.reject(storeUnavailable("gone")) };
  const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const web = nodeSessions(createSessions<Data>({ store: down }), {
      carriers: [cookie()],
      onFailure: () => {
        throw new Error("no logger");
      },
    });
    const port = await serve(async (req, res) => {
      (await web.session(req, res)).set("n", 1);
      res.end();
    });
    const { stdout } = await promisify(execFile)("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", `http://127.0.0.1:${port}/`]);
    expect(stdout).toBe("503");
    expect(report).toHaveBeenCalledTimes(1);
  } finally {
    report.mockRestore();
  }
});
