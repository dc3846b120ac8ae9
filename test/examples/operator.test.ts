import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { missing } from "@sojourn/peers/programs";
import { describe, expect, test } from "vitest";
import { root } from "../tree.ts";
import { example, run, until } from "./running.ts";

const sojournd = join(root, "packages/server/bin/sojournd.js");

/** As much of an OpenAPI document as a caller needs. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, { readonly type: string; readonly scheme?: string; readonly name?: string }>> };
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}

/** The arguments of curl for an operation, out of nothing but the document. */
function curlFor(
  document: Document,
  address: string,
  operationId: string,
  given: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): string[] {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId !== operationId) continue;
      const rest = { ...given };
      let at = path;
      const query = new URLSearchParams();
      for (const { name, in: place } of operation.parameters ?? []) {
        const value = rest[name];
        if (value === undefined) continue;
        if (place === "path") at = at.replace(`{${name}}`, encodeURIComponent(value));
        else if (place === "query") query.set(name, value);
        delete rest[name];
      }
      const headers = Object.keys(operation.security[0] ?? {}).flatMap((scheme) => {
        const { type, name } = document.components.securitySchemes[scheme] ?? {};
        return ["-H", type === "http" ? `Authorization: Bearer ${secrets[scheme] ?? ""}` : `${name ?? ""}: ${secrets[scheme] ?? ""}`];
      });
      const [media] = Object.keys(operation.requestBody?.content ?? {});
      const body = media === undefined ? [] : ["-H", `Content-Type: ${media}`, "-d", JSON.stringify(rest)];
      return ["-sS", "-m", "10", "-X", method.toUpperCase(), ...headers, ...body, `${address}${at}${query.size > 0 ? `?${query.toString()}` : ""}`];
    }
  }
  throw new Error(`The document has no ${operationId}.`);
}

describe("examples/operator", () => {
  const operator = example("operator", "@sojourn/client");
  const lacks = missing("curl", "curl");

  test(
    "ends all sessions of somebody but the last, and tells of each; what it asks can be asked by curl out of the OpenAPI document",
    { timeout: 60_000 },
    async ({ skip }) => {
      skip(operator.lacks !== false, String(operator.lacks));
      skip(lacks !== undefined, lacks);
      const data = join(operator.scratch(), "data");
      const keyOf = (role: string, name: string): string =>
        execFileSync(process.execPath, [sojournd, "keys", "new", "--role", role, "--name", name, "--data", data], { encoding: "utf8" }).trim();
      const [app, key] = [keyOf("app", "shop"), keyOf("operator", "lost and found")];
      const server = operator.started(process.execPath, [sojournd, "serve", "--data", data, "--port", "0"]);
      const [, address = ""] = await until(server.out, /"address":"(http:[^"]*)"/);

      const document = (await (await fetch(`${address}/v1/openapi.json`)).json()) as Document;
      const curl = async (
        operation: string,
        given: Readonly<Record<string, string>>,
        secrets: Readonly<Record<string, string>>,
      ): Promise<Record<string, unknown>> => {
        const { stdout } = await run("curl", curlFor(document, address, operation, given, secrets));
        return stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
      };
      const begun: { id: string; token: string }[] = [];
      for (const subject of ["ada", "ada", "ada", "lin"])
        begun.push((await curl("createSession", { subject, kind: "web" }, { key: app })) as { id: string; token: string });
      const [first, second, last, other] = begun.map(({ id }) => id);

      const script = async (subject: string): Promise<string> =>
        (await run(process.execPath, ["end-others.js", subject], { cwd: operator.folder, env: { ...process.env, SOJOURN: address, KEY: key } })).stdout;
      const told = (await script("ada")).trim().split("\n");
      expect(told[0]).toBe(`${last} stays.`);
      expect(told.slice(1).toSorted()).toEqual([first, second].map((id) => `${id} ended: revoked by lost and found`).toSorted());
      expect(await script("nobody")).toBe("nobody has no session.\n");

      const listed = (await curl("listSessions", { subject: "ada" }, { key }))["sessions"] as readonly { id: string }[];
      expect(listed.map(({ id }) => id)).toEqual([last]);
      expect(await curl("showSession", { id: String(first) }, { key })).toMatchObject({ ended: { reason: "revoked", by: "lost and found" } });
      const token = begun[3]?.token ?? "";
      expect(await curl("changeSession", {}, { key: app, session: token })).toMatchObject({ id: other, version: 1 });
      expect(await curl("revokeSession", { id: String(other) }, { key })).toEqual({});
      expect(await curl("readSession", {}, { key: app, session: token })).toMatchObject({ status: 401, code: "session_ended" });
      await expect(run(process.execPath, ["end-others.js"], { cwd: operator.folder })).rejects.toMatchObject({ code: 2 });
    },
  );
});
