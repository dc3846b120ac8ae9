import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceText } from "./device.ts";

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 on Linux"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge 126 on Windows"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari 17 on macOS"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Safari 17 on iOS",
  ],
  ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome 126 on Android"],
  ["Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36", "Chrome 125 on ChromeOS"],
  ["curl/8.5.0", "curl/8.5.0"],
  ["okhttp/4.12.0 (app)", "okhttp/4.12.0"],
  ["Ein Gerät", "Ein"],
  ["", ""],
])("%s is %s", (agent, text) => {
  expect(deviceText(agent)).toBe(text);
});

test("whatever a client says, it stays short", () => {
  fc.assert(fc.property(fc.string({ maxLength: 500 }), (agent) => deviceText(agent).length <= 60));
});
