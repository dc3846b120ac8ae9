import { describe, expect, it } from "vitest";
import { kannelConfig, receiptUrl } from "./kannel-config.ts";
import { kannel, type KannelOptions } from "./kannel.ts";

const options: KannelOptions = {
  url: "http://127.0.0.1:13013/cgi-bin/sendsms",
  username: "booking",
  password: "p%41ss",
  callback: "https://sms.example/k%C3%A4nnel/",
  secret: "0123456789abcdef",
};

it("gives the two groups, per cent signs that are no escape codes written twice", () => {
  expect(kannelConfig(options)).toBe(`group = sendsms-user
username = booking
password = p%41ss
max-messages = 255
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "https://sms.example/k%%C3%%A4nnel/message?secret=0123456789abcdef&id=%I&from=%p&to=%P&text=%b&coding=%c&charset=%C&udh=%u&time=%T"
`);
  expect(receiptUrl({ callback: "http://[::1]:8080", secret: options.secret }, "r")).toBe(
    `http://[::1]:8080/receipt?secret=${options.secret}&reference=r&state=%d`,
  );
});

describe("what cannot be is refused when it is set", () => {
  const faults: readonly (readonly [keyof KannelOptions, unknown])[] = [
    ["secret", "0123456789abcde"],
    ["secret", ""],
    ["secret", undefined],
    ["secret", "0123456789abcde/"],
    ["secret", "x".repeat(129)],
    ["callback", "sms.example/kannel"],
    ["callback", "ftp://sms.example/kannel"],
    ["callback", "https://sms.example/kannel?a=1"],
    ["callback", "https://sms.example/kannel#a"],
    ["callback", "https://me:hidden-word@sms.example/kannel"],
    ["url", "127.0.0.1:13013"],
    ["url", "http://127.0.0.1:13013/cgi-bin/sendsms?password=hidden-word"],
    ["username", ""],
    ["username", "two words"],
    ["password", "hidden-word\n"],
    ["password", "hidden-wörd"],
    ["method", "PUT"],
    ["timeout", 0],
    ["timeout", "soon"],
    ["timeout", Number.NaN],
    ["timeout", 600_001],
    ["timeout", "11m"],
  ];
  it.each(faults)("%s %j", (name, value) => {
    const wrong = { ...options, [name]: value };
    const refusal = expect.objectContaining({
      code: "invalid_option",
      message: expect.stringMatching(new RegExp(`^${name} (?!.*hidden-w)`, "s")) as string,
    }) as unknown;
    expect(() => kannel(wrong)).toThrow(refusal);
    if (name !== "url" && name !== "method" && name !== "timeout") expect(() => kannelConfig(wrong)).toThrow(refusal);
  });

  it.each([
    ["username", 'a"b'],
    ["password", "a\\b"],
  ])("in Kannel's file: %s %j", (name, value) => {
    expect(() => kannelConfig({ ...options, [name]: value })).toThrow(expect.objectContaining({ code: "invalid_option" }));
    expect(() => kannel({ ...options, [name]: value })).not.toThrow();
  });
});
