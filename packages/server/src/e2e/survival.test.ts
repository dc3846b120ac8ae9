import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { deferred } from "../deferred.fixture.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

interface Made {
  readonly id: string;
  readonly token: string;
}

test(
  "after kill -9 and a restart every acknowledged session is there, token and data; no secret is in the data folder or in the output",
  { timeout: 60_000 },
  async () => {
    const data = tempFolder();
    const key = (await run(["keys", "new", "--data", data])).out.trim();
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const servers: Sojournd[] = [];

    async function started(): Promise<string> {
      const server = sojournd(["serve", "--port", "0", "--data", data]);
      servers.push(server);
      return (await server.until(/http:\/\/127\.0\.0\.1:\d+/))[0];
    }
    async function call(
      address: string,
      method: string,
      path: string,
      token?: string,
      body?: object,
    ): Promise<{ status: number; body: Record<string, unknown> }> {
      const response = await fetch(address + path, {
        method,
        headers: { ...headers, ...(token === undefined ? undefined : { "Sojourn-Session": token }) },
        ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
    }

    const first = await started();
    const made = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => (await call(first, "POST", "/v1/sessions", undefined, { subject: "ada", data: { n } })).body as unknown as Made,
      ),
    );
    const kept = made[0] as Made;
    const ended = made[1] as Made;
    expect((await call(first, "PATCH", "/v1/session", kept.token, { set: { cart: ["tea", "milk"] } })).status).toBe(200);
    expect((await call(first, "DELETE", "/v1/session", ended.token)).status).toBe(204);
    const rotated = (await call(first, "POST", "/v1/session/authenticate", made[2]?.token, { subject: "ada", keep: [] })).body as unknown as Made;

    // Writes that are under way when it is killed: each is there as a whole or not at all, and there if it was acknowledged.
    const acknowledged: Made[] = [];
    const enough = deferred();
    const pouring = Array.from({ length: 8 }, async () => {
      for (;;) {
        const answer = await call(first, "POST", "/v1/sessions", undefined, { data: { poured: true } }).catch(() => undefined);
        if (answer === undefined) return;
        if (answer.status === 201) acknowledged.push(answer.body as unknown as Made);
        if (acknowledged.length === 50) enough.resolve();
      }
    });
    await Promise.race([enough.promise, Promise.all(pouring)]);
    servers[0]?.child.kill("SIGKILL");
    await Promise.all(pouring);
    expect(await servers[0]?.ended).toBe("SIGKILL");

    const second = await started();
    expect((await call(second, "GET", "/v1/session", kept.token)).body).toMatchObject({ id: kept.id, subject: "ada", data: { n: 0, cart: ["tea", "milk"] } });
    expect((await call(second, "GET", "/v1/session", ended.token)).body).toMatchObject({ code: "session_ended" });
    expect((await call(second, "GET", "/v1/session", made[2]?.token)).status).toBe(401);
    expect((await call(second, "GET", "/v1/session", rotated.token)).status).toBe(200);
    expect(acknowledged.length).toBeGreaterThanOrEqual(50);
    for (const { id, token } of acknowledged) expect((await call(second, "GET", "/v1/session", token)).body).toMatchObject({ id, data: { poured: true } });
    servers[1]?.child.kill("SIGTERM");
    expect(await servers[1]?.ended).toBe(0);

    const places = [...filesIn(data), ...servers.map(({ out, err }) => Buffer.from(out() + err()))];
    const secrets = [...made, ...acknowledged, rotated].map(({ token }) => token.slice(27)).concat(key.slice(4));
    const found = secrets.filter((secret) => places.some((bytes) => formsOf(secret).some((form) => bytes.includes(form))));
    expect(found).toEqual([]);
    // The search finds what is there.
    expect(places.some((bytes) => bytes.includes(kept.id)) && places.some((bytes) => bytes.includes("milk"))).toBe(true);
  },
);

function filesIn(folder: string): Buffer[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return names.filter((name) => statSync(name).isFile()).map((name) => readFileSync(name));
}

/** As text (in one and in two bytes a character), as its bytes, and as those in hexadecimal and base64. */
function formsOf(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret, "base64url");
  const texts = [secret, bytes.toString("hex"), bytes.toString("base64"), Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64")];
  return [bytes, Buffer.from(secret, "utf16le"), ...texts.map((text) => Buffer.from(text))];
}
