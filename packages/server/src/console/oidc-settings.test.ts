import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkConfig } from "../config/read-config-file.ts";
import { serveSettings } from "../config.ts";
import { oidcNames, oidcSchema } from "./oidc-settings.ts";
import { oidcReasons } from "./oidc-why.ts";

const least = { issuer: "https://id.example.com/realms/main", clientId: "sojournd", publicUrl: "https://sessions.example.com", roles: { ops: "operator" } };

test("what is not said is what most providers have", () => {
  expect(oidcSchema.parse({ ...least, publicUrl: "https://Sessions.example.com:443/" })).toEqual({
    ...least,
    rolesClaim: "roles",
    roles: { ops: { role: "operator", tenant: "main" } },
    scopes: "openid profile",
    nameClaim: undefined,
  });
  expect(Object.keys(oidcSchema.parse(least)).toSorted()).toEqual(oidcNames.toSorted());
});

describe("a wrong setting is named, and its value is not", () => {
  const canary = "canary7";
  test.each<[string, object, RegExp]>([
    ["an issuer that is no URL", { issuer: canary }, /: oidc\.issuer must be an https URL/],
    ["an issuer in the clear", { issuer: `http://${canary}.example.com` }, /oidc\.issuer must be an https URL/],
    ["an issuer with a password", { issuer: `https://u:${canary}@id.example.com` }, /oidc\.issuer must be an https URL without user/],
    ["the place of an issuer's metadata", { issuer: "https://id.example.com/.well-known/openid-configuration" }, /oidc\.issuer must be .*\.well-known/],
    ["an issuer with a query", { issuer: `https://id.example.com/?${canary}` }, /oidc\.issuer must be/],
    ["a public URL with a path", { publicUrl: `https://sessions.example.com/${canary}` }, /oidc\.publicUrl must be the https origin/],
    ["a public URL in the clear", { publicUrl: `http://${canary}.example.com` }, /oidc\.publicUrl must be the https origin/],
    ["no client", { clientId: undefined }, /oidc\.clientId must be the client's id/],
    ["an empty client", { clientId: "" }, /oidc\.clientId must be/],
    ["no roles", { roles: {} }, /oidc\.roles must be an object with one claim value or more/],
    ["a role that there is not", { roles: { ops: canary } }, /oidc\.roles\.ops must be operator, auditor or admin/],
    ["a role that is not for people", { roles: { ops: "app" } }, /oidc\.roles\.ops must be operator, auditor or admin/],
    ["a tenant that cannot be", { roles: { ops: { role: "operator", tenant: `${canary} ` } } }, /oidc\.roles\.ops\.tenant must be 1 to 63 letters/],
    ["a name in a role", { roles: { ops: { role: "operator", tenent: canary } } }, /oidc\.roles\.ops\.tenent is not a setting\. Did you mean tenant\?/],
    ["scopes without openid", { scopes: canary }, /oidc\.scopes must be scopes with a space between them/],
    ["an empty claim", { rolesClaim: "" }, /oidc\.rolesClaim must be a claim's name/],
    ["a secret", { clientSecret: canary }, /the client's belongs in SOJOURN_OIDC_CLIENT_SECRET/],
    ["an unknown name", { rolesclaims: canary }, /oidc\.rolesclaims is not a setting\. Did you mean rolesClaim\?/],
  ])("%s", (_, wrong, message) => {
    const text = JSON.stringify({ oidc: { ...least, ...wrong } });
    expect(() => checkConfig(text, "/etc/sojournd.json")).toThrow(message);
    expect(() => checkConfig(text, "/etc/sojournd.json")).not.toThrow(canary);
    expect(() => serveSettings({}, { SOJOURN_OIDC: JSON.stringify({ ...least, ...wrong }) })).toThrow(/^SOJOURN_OIDC.* must be /);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["no JSON in the environment", { SOJOURN_OIDC: "{" }, /^SOJOURN_OIDC must be an object with issuer, clientId, publicUrl and roles/],
    ["https without a proxy", { SOJOURN_OIDC: JSON.stringify(least) }, /^oidc\.publicUrl is https:.*--behind-tls\.$/],
    [
      "http behind one",
      { SOJOURN_OIDC: JSON.stringify({ ...least, publicUrl: "http://127.0.0.1:7300" }), SOJOURN_BEHIND_TLS: "true" },
      /^oidc\.publicUrl is http:.*Give its https origin\.$/,
    ],
    ["no way in", { SOJOURN_CONSOLE_KEYS: "false" }, /^consoleKeys is false and oidc is not set/],
  ])("%s", (_, environment, message) => {
    expect(() => serveSettings({}, environment)).toThrow(message);
  });
});

test("the secret comes from the environment", () => {
  const environment = { SOJOURN_OIDC: JSON.stringify(least), SOJOURN_OIDC_CLIENT_SECRET: "s", SOJOURN_BEHIND_TLS: "true" };
  expect(serveSettings({}, environment)).toMatchObject({ oidcSecret: "s", oidc: { clientId: "sojournd" } });
  expect(serveSettings({}, { ...environment, SOJOURN_CONSOLE: "false", SOJOURN_CONSOLE_KEYS: "false" }).policy.console).toBe(false);
});

test("the page that describes it has settings that are taken, and all the words that the console is told", () => {
  const page = readFileSync(new URL("../../../../docs/console-oidc.md", import.meta.url), "utf8");
  const [, example = ""] = /```json\n([^`]*)```/.exec(page) ?? [];
  expect(checkConfig(example, "/etc/sojournd.json").oidc?.roles["shop-operators"]).toEqual({ role: "operator", tenant: "shop" });
  for (const name of oidcNames) expect(page).toContain(`| \`${name}\` |`);
  for (const word of Object.keys(oidcReasons)) expect(page).toContain(`\`${word}\``);
});
