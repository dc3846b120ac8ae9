import { describe, expect, it, vi } from "vitest";
import { bearer, cookie, header } from "./carriers.ts";

const token = "01hv0000000000000000000000.abcdefghijklmnopqrstuvwxyz012345";

describe("cookie", () => {
  it("is __Host-Http-session, Secure, HttpOnly, Lax and without Domain unless told otherwise", () => {
    expect(cookie().setCookie?.({ token })).toBe(`__Host-Http-session=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`);
  });

  it("is taken away with the attributes that it was given with", () => {
    const options = { name: "__Http-s", domain: "example.com", path: "/app", sameSite: "None", partitioned: true } as const;
    const [given, gone] = [cookie(options).setCookie?.({ token }), cookie(options).setCookie?.({ token: undefined })];
    expect(gone).toBe("__Http-s=; Max-Age=0; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned");
    expect(given?.split("; ").slice(1)).toEqual(gone?.split("; ").slice(2));
  });

  it("lives until the absolute deadline when persistent, at most 400 days, and with the browser otherwise", () => {
    expect(cookie().setCookie?.({ token, lasts: 60_000 })).not.toContain("Max-Age");
    const { setCookie } = cookie({ persistent: true });
    expect(setCookie?.({ token, lasts: 60_999 })).toContain("; Max-Age=60;");
    expect(setCookie?.({ token, lasts: 1e15 })).toContain("; Max-Age=34560000;");
    expect(setCookie?.({ token })).toContain("; Max-Age=34560000;");
    expect(setCookie?.({ token, lasts: -5_000 })).toContain("; Max-Age=0;");
  });

  it.each([
    [{ name: "__Host-s", domain: "example.com" }, /domain/],
    [{ domain: "example.com" }, /domain/],
    [{ path: "/app" }, /path/],
    [{ name: "__Secure-s", insecure: true }, /insecure/],
    [{ name: "s", sameSite: "None", insecure: true }, /sameSite/],
    [{ name: "s", partitioned: true, insecure: true }, /partitioned/],
    [{ name: "s", domain: ".example.com" }, /domain/],
    [{ name: "s", domain: "a b" }, /domain/],
    [{ name: "s", domain: "com" }, /domain.*top-level/],
    [{ name: "s", domain: "localhost" }, /domain/],
    [{ name: "s", domain: "127.0.0.1" }, /domain.*IP/],
    [{ name: "s", domain: "1.2.0x7f" }, /domain.*IP/],
    [{ name: "s", domain: "[::1]" }, /domain/],
    [{ name: "s", domain: "example.com." }, /domain/],
    [{ name: "s", domain: "" }, /domain/],
    [{ name: "__HOST-HTTP-s", domain: "example.com" }, /domain/],
    [{ name: "__Hosts-s", domain: "example.com", insecure: true, partitioned: true }, /partitioned/],
    [{ name: "s", path: "" }, /path/],
    [{ name: "s", path: "/\u00e9" }, /path/],
    [{ name: "s", path: "app" }, /path/],
    [{ name: "s", path: "/a;b" }, /path/],
    [{ name: "s s" }, /name/],
    [{ sameSite: "lax" as "Lax" }, /sameSite/],
  ] as const)("refuses %j and names the setting", (options, message) => {
    expect(() => cookie(options)).toThrow(message);
    expect(() => cookie(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("reads its own name only, and no value that could not be a token", () => {
    const { read } = cookie();
    expect(read(`__Host-session=${token}; __Host-Http-session=${token}`)).toBe(token);
    expect(read(`session=${token}; __Host-session=${token}`)).toBeUndefined();
    expect(read("__Host-Http-session=")).toBeUndefined();
    expect(read(`__Host-Http-session=${"x".repeat(1_000_000)}`)).toBeUndefined();
  });

  it("gives up Secure and the prefix only when told, and says once what that means", () => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      expect(cookie({ insecure: true }).setCookie?.({ token })).toBe(`session=${token}; Path=/; HttpOnly; SameSite=Lax`);
      cookie({ insecure: true });
      expect(emit).toHaveBeenCalledTimes(1);
      expect(emit.mock.calls[0]?.[0]).toMatch(/no Secure.*no __Host- prefix/);
    } finally {
      emit.mockRestore();
    }
  });
});

describe("header", () => {
  it("reads its header as it is, hands nothing back and challenges nobody", () => {
    const carrier = header({ name: "X-Session" });
    expect([carrier.header, carrier.setCookie, carrier.challenge, carrier.read(token)]).toEqual(["x-session", undefined, undefined, token]);
    for (const value of ["", ` ${token}`, `${token},${token}`, `Bearer ${token}`, "x".repeat(4_097), "\u00e9"]) expect(carrier.read(value)).toBeUndefined();
  });
  it.each(["", "a b", "authorization", "Cookie", "sec-fetch-site", "x-forwarded-for", "x:", "\u00e9"])("refuses the name %j", (name) => {
    expect(() => header({ name })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

describe("bearer", () => {
  const { read } = bearer();

  it.each([`Bearer ${token}`, `bearer ${token}`, `BEARER ${token}`, `bEaReR ${token}`])("reads %s", (value) => expect(read(value)).toBe(token));

  it.each([
    "",
    "Bearer",
    "Bearer ",
    `Bearer  ${token}`,
    `Bearer\t${token}`,
    `Bearer ${token} `,
    `Bearer ${token}, Bearer x`,
    `Basic ${token}`,
    token,
    `xBearer ${token}`,
    `Bearer ${"x".repeat(1e6)}`,
    "Bearer \u00a0",
  ])("does not read %.40j", (value) => expect(read(value)).toBeUndefined());

  it("hands nothing back and challenges", () => {
    expect(bearer().setCookie).toBeUndefined();
    expect(bearer().challenge).toBe("Bearer");
    expect(bearer({ realm: "shop" }).challenge).toBe('Bearer realm="shop"');
    expect(() => bearer({ realm: 'a"\r\nb' })).toThrow(/realm/);
  });
});
