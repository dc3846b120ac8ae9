import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { clientWith, type Made } from "../api-client.fixture.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

const listening = /http:\/\/127\.0\.0\.1:\d+/;

/** A server on a store, once it listens. */
export async function served(url: string, data: string, more: Readonly<Record<string, string>> = {}): Promise<{ server: Sojournd; address: string }> {
  const server = sojournd(["serve", "--port", "0", "--data", data], { SOJOURN_STORE: url, ...more });
  return { server, address: (await server.until(listening))[0] };
}

/** The first event that a server tells of a session. @throws when there is none within 20 s */
async function eventOf(address: string, key: string, id: () => Promise<string>): Promise<string> {
  const answer = await fetch(`${address}/v1/events`, { headers: { Authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(20_000) });
  expect(answer.status).toBe(200);
  const wanted = await id();
  let text = "";
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    const type = text
      .split("\n\n")
      .find((message) => message.includes(wanted))
      ?.match(/^event: (.*)$/m)?.[1];
    if (type !== undefined) return type;
  }
  throw new Error("The stream of events ended.");
}

/**
 * Two servers share a store: what is made at one is resumed at the other, what is revoked at one is refused at the other, and all of it is there after a
 * restart. Nothing but the store is needed, and the secret is shown nowhere.
 */
export async function checkShared(url: string, secret: string): Promise<void> {
  const data = join(tempFolder(), "data");
  const key = await run(["keys", "new"], { SOJOURN_STORE: url, SOJOURN_DATA: data });
  expect(key).toMatchObject({ code: 0, err: "" });
  const { call, begin } = clientWith(key.out.trim());
  const [one, two] = await Promise.all([served(url, data), served(url, data)]);

  const kept = await begin(one.address, { subject: "ada", data: { cart: ["tea"] } });
  const revoked = await begin(one.address, { subject: "ada" });
  const closed = await begin(two.address, { subject: "ada" });
  expect(await call(two.address, "GET", "/v1/session", kept.token)).toMatchObject({ status: 200, body: { id: kept.id, data: { cart: ["tea"] } } });
  // Of the stores that cannot be watched a server says so.
  if (!/^(file|mysql|mariadb):/.test(url)) expect(await eventOf(two.address, key.out.trim(), async () => (await begin(one.address)).id)).toBe("created");
  else expect((await call(two.address, "GET", "/v1/events")).body["code"]).toBe("not_supported");
  const listed = (await call(two.address, "GET", "/v1/sessions?subject=ada")).body["sessions"] as readonly Made[];
  expect(listed.map(({ id }) => id).toSorted()).toEqual([kept.id, revoked.id, closed.id].toSorted());
  const both = await Promise.all([
    call(one.address, "PATCH", "/v1/session", kept.token, { set: { theme: "dark" } }),
    call(two.address, "PATCH", "/v1/session", kept.token, { set: { note: "é\u0000" } }),
  ]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect((await call(one.address, "DELETE", `/v1/sessions/${revoked.id}`)).status).toBe(204);
  expect(await call(two.address, "GET", "/v1/session", revoked.token)).toMatchObject({ status: 401, body: { code: "session_ended" } });
  expect((await call(two.address, "DELETE", "/v1/session", closed.token)).status).toBe(204);
  expect((await call(one.address, "GET", "/v1/session", closed.token)).status).toBe(401);
  for (const { server } of [one, two]) server.child.kill("SIGTERM");
  expect(await Promise.all([one.server.ended, two.server.ended])).toEqual([0, 0]);

  const again = await served(url, data);
  expect(await call(again.address, "GET", "/v1/session", kept.token)).toMatchObject({
    status: 200,
    body: { id: kept.id, subject: "ada", data: { cart: ["tea"], theme: "dark", note: "é\u0000" } },
  });
  for (const { token } of [revoked, closed]) expect((await call(again.address, "GET", "/v1/session", token)).status).toBe(401);
  const ended = (await call(again.address, "DELETE", "/v1/subjects/ada/sessions")).body;
  expect(ended).toEqual({ ended: 1 });
  again.server.child.kill("SIGINT");
  expect(await again.server.ended).toBe(0);

  // Nothing but the store was needed.
  expect(existsSync(data)).toBe(false);
  const shown = [one, two, again].map(({ server }) => server.out() + server.err()).join("");
  expect(shown).toContain('"store":"');
  expect(shown).not.toContain(secret);
  const list = await run(["keys", "list"], { SOJOURN_STORE: url });
  expect(list).toMatchObject({ code: 0, out: expect.stringMatching(/^[0-9a-z]{26} .* application\n/) as string });
}
