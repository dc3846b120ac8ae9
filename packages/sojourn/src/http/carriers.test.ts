import { describe, expect, it, vi } from "vitest";
import { bearer, cookie, formerCookie, header } from "./carriers.ts";

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

describe("a long token in cookies", () => {
  const long = "t".repeat(10_000);
  const firsts = (lines: readonly string[]): string[] => lines.map((line) => line.split(";", 1)[0] ?? "");

  it("is one cookie as ever while it fits, and has nothing beside it", () => {
    const { setCookie, setParts, room, bound } = cookie();
    expect([bound, room]).toEqual(["__Host-Http-session", 3 * 4_096 - 19 - 21 - 21 - 2]);
    expect([setCookie?.({ token }), setParts?.({ token }, undefined)]).toEqual([`__Host-Http-session=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`, []]);
    expect(setParts?.({ token }, `__Host-Http-session=${token}; x.__Host-Http-session.1=a; __Host-Http-session.20=x`)).toEqual([]);
    expect(cookie({ parts: 1 }).room).toBe(4_096 - 19);
  });

  it("is read back from what was written, with the same attributes on each", () => {
    const { setCookie, setParts, read } = cookie({ name: "__Http-s", domain: "example.com", persistent: true });
    const lines = [setCookie?.({ token: long, lasts: 60_000 }) ?? "", ...(setParts?.({ token: long, lasts: 60_000 }, undefined) ?? [])];
    expect(firsts(lines).map((pair) => pair.split("=")[0])).toEqual(["__Http-s", "__Http-s.1", "__Http-s.2"]);
    for (const line of lines) expect(line).toMatch(/; Max-Age=60; Path=\/; Domain=example.com; Secure; HttpOnly; SameSite=Lax$/);
    expect(read(["a=b", ...firsts(lines).toReversed()].join("; "))).toBe(long);
    expect(read(firsts(lines).slice(1).join("; "))).toBeUndefined();
    expect(cookie({ name: "__Http-s", parts: 2 }).read(firsts(lines).join("; "))).toBeUndefined();
  });

  it("leaves none of a longer one behind", () => {
    const { setParts } = cookie({ name: "s", parts: 2 });
    const given = "s=5~a; s.1=b; s.2=c; s.3=d; s.4=e";
    const gone = (i: number): string => `s.${i}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`;
    for (const shorter of [undefined, "short"]) expect(setParts?.({ token: shorter }, given)).toEqual([1, 2, 3, 4].map(gone));
    expect(setParts?.({ token: "t".repeat(5_000) }, given)).toEqual([expect.stringMatching(/^s\.1=ttt/), gone(2), gone(3), gone(4)]);
  });

  it("is refused when it needs more cookies than are allowed", () => {
    const { setCookie, setParts } = cookie({ parts: 2 });
    for (const give of [() => setCookie?.({ token: long }), () => setParts?.({ token: long }, undefined)])
      expect(give).toThrow(expect.objectContaining({ code: "too_large", message: expect.stringMatching(/10000.*8150.*parts: 3/) as string }));
    for (const parts of [0, 21, 1.5, -1, Number.NaN, "3" as unknown as number, null as unknown as number])
      expect(() => cookie({ parts })).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("parts") as string }));
  });
});

describe("formerCookie", () => {
  it("reads the cookie as it is, whatever another library put into it", () => {
    const { read, setCookie, bound } = formerCookie({ name: "connect.sid" });
    expect([setCookie, bound]).toEqual([undefined, "connect.sid"]);
    for (const value of ["s%3Aabc.d%2Be%3D", "Fe26.2*1*ab*cd~2", '"eyJ9=="', "a b", "2~x", "eyJhIjoxfQ==", "\u00e9"])
      expect(read(`a=1; connect.sid=${value}`)).toBe(value);
    for (const given of ["", "connect.sid=", "xconnect.sid=a", "connect.sid=a; connect.sid=b", `connect.sid=${"x".repeat(4_086)}`])
      expect(read(given)).toBeUndefined();
    expect(read(`connect.sid=${"x".repeat(4_085)}`)).toHaveLength(4_085);
  });

  it("joins a value and its signature, and takes neither without the other", () => {
    const { read, takeAway } = formerCookie({ name: "s", signature: true });
    expect(read("s.sig=mac; s=eyJhIjoxfQ==")).toBe("eyJhIjoxfQ==.mac");
    for (const given of ["s=a", "s.sig=a", "s=; s.sig=a", "s=a; s.sig=", "s=a; s.sig=a; s.sig=b"]) expect(read(given)).toBeUndefined();
    expect(takeAway?.("s=a; s.sig=b; s.sig=c")).toEqual(["s=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax", "s.sig=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"]);
    expect(takeAway?.("s.sig=b")).toHaveLength(1);
    expect(takeAway?.("t=b; xs=a")).toEqual([]);
  });

  it("takes it away with what a browser asks of its name and its place", () => {
    const { takeAway } = formerCookie({ name: "__Secure-next-auth.session-token", domain: "example.com", path: "/app" });
    expect(takeAway?.("__Secure-next-auth.session-token=a")).toEqual([
      "__Secure-next-auth.session-token=; Max-Age=0; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
    ]);
    for (const wrong of [{ name: "" }, { name: "a b" }, { name: "s", path: "app" }, { name: "s", domain: ".example.com" }, {} as { name: string }])
      expect(() => formerCookie(wrong)).toThrow(
        expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(/^formerCookie: /) as string }),
      );
  });
});

describe("header", () => {
  it("reads its header as it is, hands nothing back and challenges nobody", () => {
    const carrier = header({ name: "X-Session" });
    expect([carrier.header, carrier.setCookie, carrier.challenge, carrier.read(token)]).toEqual(["x-session", undefined, undefined, token]);
    for (const value of ["", ` ${token}`, `${token},${token}`, `Bearer ${token}`, "x".repeat(16_385), "\u00e9"]) expect(carrier.read(value)).toBeUndefined();
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
