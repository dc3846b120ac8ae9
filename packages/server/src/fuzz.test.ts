import { openApi } from "@sojourn/client/openapi";
import { operations, pathOf, type Operation, type OperationName } from "@sojourn/client/operations";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { defaultPolicy } from "./config.ts";
import { newKey } from "./keys.ts";
import { anyOf, hostileText } from "./from-schema.fixture.ts";
import { testServer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: "path" | "query"; readonly schema: object }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: object } } };
}

/** What needs the id of something that these requests do not make, or somebody's cookie. */
const unguessed: ReadonlySet<OperationName> = new Set(["forwardAuth", "revokeKey", "deleteWebhook", "openConsole", "showConsole", "closeConsole"]);

/** Stands for the id of a session that is there. */
const known = "(known)";
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const document = openApi("0") as unknown as { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>> };

let server: TestServer;
let headers: Record<string, string>;
beforeAll(async () => {
  // A host that is named is not looked up when a webhook is made.
  server = await testServer({ policy: { ...defaultPolicy, webhookHosts: ["hooks.example.com"] } });
  const key = newKey();
  await server.keys.add(key, { name: "fuzz", role: "admin" });
  headers = { Authorization: `Bearer ${key}` };
});

// Each answer is compared with the document by the server's fixture: a 500 is in none.
test.each(Object.keys(operations) as OperationName[])(`%s, whatever it is asked (SOJOURN_SEED=${seed})`, { timeout: 60_000 }, async (name) => {
  const { method, path } = pathOf(name);
  const operation: Operation = operations[name];
  const { parameters = [], requestBody } = document.paths[path]?.[method.toLowerCase()] ?? {};
  const asked = fc.record({
    parts: fc.record(Object.fromEntries(parameters.filter((part) => part.in === "path").map((part) => [part.name, fc.oneof(fc.constant(known), hostileText)]))),
    query: fc.record(
      Object.fromEntries(parameters.filter((part) => part.in === "query").map((part) => [part.name, fc.option(anyOf(part.schema), { freq: 3 })])),
    ),
    body: requestBody === undefined ? fc.constant(undefined) : anyOf(requestBody.content["application/json"].schema),
    held: fc.boolean(),
  });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(asked, async ({ parts, query, body, held }) => {
      // Made for this request alone: it may end it.
      const { id, token } = await server.begin({ kind: "web", ...(path.includes("{name}") ? undefined : { subject: "ada" }), data: { a: 1 } });
      if (path.includes("{name}")) await server.call("POST", `/v1/sessions/${id}/checkpoints`, { headers, body: { name: id } });
      const at = path.replaceAll(/\{(\w+)\}/g, (_, part: string) =>
        encodeURIComponent((parts as Record<string, string>)[part] ?? "").replace(encodeURIComponent(known), id),
      );
      const given = Object.entries(query).filter(([, value]) => value !== null);
      const search = given.map(([part, value]) => `${part}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`).join("&");
      const { status } = await server.call(method, search === "" ? at : `${at}?${search}`, {
        headers,
        ...(operation.ofSession === true && held ? { token } : {}),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(status).toBeLessThan(500);
      seen.add(status);
    }),
    { seed, numRuns: 60, endOnFailure: true },
  );
  // It is asked what it can do, and not only rubbish.
  if (!unguessed.has(name)) expect([...seen]).toContain(operation.status);
  expect((await server.call("GET", "/healthz")).status).toBe(200);
});
