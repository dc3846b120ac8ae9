import * as fc from "fast-check";
import { expect, test } from "vitest";
import { claimOf, oidcPerson, oidcRules, oidcSubject } from "./oidc-person.ts";
import { oidcSchema } from "./oidc-settings.ts";

const settings = oidcSchema.parse({
  issuer: "https://id.example.com",
  clientId: "sojournd",
  publicUrl: "https://sessions.example.com",
  roles: { a: "auditor", o: "operator", elsewhere: { role: "operator", tenant: "shop" }, x: "admin" },
});

test("of several roles the strongest counts, and of equals the first", () => {
  expect(oidcPerson({ roles: ["a", "o"] }, settings)).toMatchObject({ role: "operator", tenant: "main" });
  expect(oidcPerson({ roles: ["elsewhere", "o"] }, settings)).toMatchObject({ role: "operator", tenant: "main" });
  expect(oidcPerson({ roles: ["elsewhere", "a"] }, settings)).toMatchObject({ role: "operator", tenant: "shop" });
  expect(oidcPerson({ roles: "x" }, settings)).toMatchObject({ role: "admin" });
  for (const roles of [undefined, null, [], "", "A", "a o", { a: true }, ["constructor"], "__proto__", [["x"]], 1])
    expect(oidcPerson({ roles }, settings)).toBeUndefined();
});

test("no claims give a role that none of their values names", () => {
  const value = fc.oneof(fc.constantFrom("a", "o", "elsewhere", "x"), fc.string(), fc.jsonValue());
  const ranked = ["x", "o", "elsewhere", "a"];
  fc.assert(
    fc.property(fc.oneof(value, fc.array(value)), (roles) => {
      const best = ranked.find((name) => roles === name || (Array.isArray(roles) && roles.includes(name)));
      const person = oidcPerson({ sub: "1", roles }, settings);
      expect(person === undefined ? undefined : [person.role, person.tenant]).toEqual(
        best === undefined ? undefined : [settings.roles[best]?.role, settings.roles[best]?.tenant],
      );
    }),
  );
});

test("a claim may lie further in, or have dots in its name", () => {
  const claims = { realm_access: { roles: ["a"] }, "https://example.com/roles": ["o"], "a.b": 1, a: { b: 2 } };
  expect(claimOf(claims, "realm_access.roles")).toEqual(["a"]);
  expect(claimOf(claims, "https://example.com/roles")).toEqual(["o"]);
  expect(claimOf(claims, "a.b")).toBe(1);
  for (const name of ["toString", "realm_access.roles.length.x", "realm_access.constructor", "a.b.c", "__proto__.x"])
    expect(claimOf(claims, name)).toBeUndefined();
});

test("a name is one short line, whatever the provider lets people choose", () => {
  const named = (claims: object): string | undefined => oidcPerson({ ...claims, roles: "a" }, settings)?.name;
  expect(named({ sub: "17", name: "Ada L.", preferred_username: "ada" })).toBe("ada");
  expect(named({ sub: "17", name: "Ada L.", preferred_username: " \u0000" })).toBe("Ada L.");
  expect(named({ sub: "17" })).toBe("17");
  expect(named({ sub: 17 })).toBe("somebody");
  expect(named({ name: "root\n\u202Eada\u2028x" })).toBe("rootadax");
  expect(oidcPerson({ sub: "17", name: "Ada", mail: "ada@example.com", roles: "a" }, { ...settings, nameClaim: "mail" })?.name).toBe("ada@example.com");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      expect(named({ sub: "17", name })).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u);
    }),
  );
});

test("a subject is one person's of one issuer", () => {
  expect(oidcSubject("https://id.example.com", "ada")).toMatch(/^oidc:[\w-]{43}$/);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      expect(oidcSubject(a, b) === oidcSubject(c, d)).toBe(a === c && b === d);
    }),
  );
});

test("rules are others when who is let in as what is", () => {
  const others = [
    { issuer: "https://id.example.org" },
    { clientId: "x" },
    { rolesClaim: "groups" },
    { roles: {} },
    { roles: { ...settings.roles, a: { role: "admin", tenant: "main" } as const } },
  ];
  expect(new Set([settings, ...others.map((other) => ({ ...settings, ...other }))].map(oidcRules)).size).toBe(6);
  expect(oidcRules({ ...settings, nameClaim: "x", scopes: "openid" })).toBe(oidcRules(settings));
});
