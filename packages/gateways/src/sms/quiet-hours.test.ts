import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkQuietHours, nextAllowed, type QuietHours } from "./quiet-hours.ts";

const iso = (text: string): number => Date.parse(text);
const night = (zone: string): QuietHours => ({ from: "21:00", to: "08:00", zone });

describe("by the clock on the wall", () => {
  test.each<[string, QuietHours, string]>([
    // Helsinki, UTC+2 in winter.
    ["2026-01-15T12:00:00.123Z", night("Europe/Helsinki"), "2026-01-15T12:00:00.123Z"],
    ["2026-01-15T18:59:59.999Z", night("Europe/Helsinki"), "2026-01-15T18:59:59.999Z"],
    ["2026-01-15T19:00:00.000Z", night("Europe/Helsinki"), "2026-01-16T06:00:00.000Z"],
    ["2026-01-15T23:30:10.500Z", night("Europe/Helsinki"), "2026-01-16T06:00:00.000Z"],
    ["2026-01-16T05:59:59.999Z", night("Europe/Helsinki"), "2026-01-16T06:00:00.000Z"],
    ["2026-01-16T06:00:00.000Z", night("Europe/Helsinki"), "2026-01-16T06:00:00.000Z"],
    // Within one day.
    ["2026-01-15T11:30:00.000Z", { from: "12:00", to: "14:00", zone: "Europe/Helsinki" }, "2026-01-15T12:00:00.000Z"],
    ["2026-01-15T09:59:00.000Z", { from: "12:00", to: "14:00", zone: "Europe/Helsinki" }, "2026-01-15T09:59:00.000Z"],
    ["2026-01-15T23:00:00.000Z", { from: "22:00", to: "00:00", zone: "UTC" }, "2026-01-16T00:00:00.000Z"],
    ["2026-01-15T00:00:00.000Z", { from: "00:00", to: "00:01", zone: "UTC" }, "2026-01-15T00:01:00.000Z"],
    // Before 1970, and in a zone of quarters.
    ["1969-12-31T23:59:59.999Z", night("UTC"), "1970-01-01T08:00:00.000Z"],
    ["2026-06-01T15:14:59.000Z", night("Asia/Kathmandu"), "2026-06-01T15:14:59.000Z"],
    ["2026-06-01T15:15:00.000Z", night("Asia/Kathmandu"), "2026-06-02T02:15:00.000Z"],
    // The night in which the clock is put forward is an hour shorter, the other an hour longer.
    ["2026-03-28T20:00:00.000Z", night("Europe/Helsinki"), "2026-03-29T05:00:00.000Z"],
    ["2026-10-24T20:00:00.000Z", night("Europe/Helsinki"), "2026-10-25T06:00:00.000Z"],
    ["2026-03-08T04:00:00.000Z", night("America/New_York"), "2026-03-08T12:00:00.000Z"],
    ["2026-11-01T03:00:00.000Z", night("America/New_York"), "2026-11-01T13:00:00.000Z"],
    // By half an hour: +10:30 to +11 on 2026-10-04, back on 2026-04-05.
    ["2026-10-03T12:00:00.000Z", night("Australia/Lord_Howe"), "2026-10-03T21:00:00.000Z"],
    ["2026-04-04T12:00:00.000Z", night("Australia/Lord_Howe"), "2026-04-04T21:30:00.000Z"],
    // 03:30 does not exist on 2026-03-29 in Helsinki: 03:00 is 04:00, at 01:00 UTC. Quiet ends there.
    ["2026-03-28T20:00:00.000Z", { from: "21:00", to: "03:30", zone: "Europe/Helsinki" }, "2026-03-29T01:00:00.000Z"],
    // Nor does 02:30 on 2026-03-08 in New York (07:00 UTC), nor 02:10 on 2026-10-04 on Lord Howe (15:30 UTC).
    ["2026-03-08T06:59:59.999Z", { from: "21:00", to: "02:30", zone: "America/New_York" }, "2026-03-08T07:00:00.000Z"],
    ["2026-10-03T15:29:00.000Z", { from: "21:00", to: "02:10", zone: "Australia/Lord_Howe" }, "2026-10-03T15:30:00.000Z"],
    // A beginning that does not exist: at 04:00 it is past 03:30 and not yet 05:00.
    ["2026-03-29T01:00:00.000Z", { from: "03:30", to: "05:00", zone: "Europe/Helsinki" }, "2026-03-29T02:00:00.000Z"],
    ["2026-03-29T00:59:00.000Z", { from: "03:30", to: "05:00", zone: "Europe/Helsinki" }, "2026-03-29T00:59:00.000Z"],
    // 03:30 comes twice on 2026-10-25 in Helsinki, at 00:30 and 01:30 UTC. What is before it is quiet twice.
    ["2026-10-24T23:00:00.000Z", { from: "21:00", to: "03:30", zone: "Europe/Helsinki" }, "2026-10-25T00:30:00.000Z"],
    ["2026-10-25T00:45:00.000Z", { from: "21:00", to: "03:30", zone: "Europe/Helsinki" }, "2026-10-25T00:45:00.000Z"],
    ["2026-10-25T01:10:00.000Z", { from: "21:00", to: "03:30", zone: "Europe/Helsinki" }, "2026-10-25T01:30:00.000Z"],
    // Put back from 04:00 to 03:00 while it is quiet from 03:10 to 03:50 and later: quiet ends in between, and begins again.
    ["2026-10-25T00:20:00.000Z", { from: "03:10", to: "03:50", zone: "Europe/Helsinki" }, "2026-10-25T00:50:00.000Z"],
    // Quiet until 04:30, which the change puts off: from 03:30 (first) it is 2 hours, not 1.
    ["2026-10-25T00:30:00.000Z", { from: "21:00", to: "04:30", zone: "Europe/Helsinki" }, "2026-10-25T02:30:00.000Z"],
    // A day that was left out: 2011-12-30 in Apia.
    ["2011-12-30T09:00:00.000Z", night("Pacific/Apia"), "2011-12-30T18:00:00.000Z"],
  ])("%s, %j: %s", (now, quiet, expected) => expect(new Date(nextAllowed(iso(now), quiet)).toISOString()).toBe(new Date(iso(expected)).toISOString()));
});

const formatters = new Map<string, Intl.DateTimeFormat>();
/** "07:15" in the zone, by other means than the code's: parts, minutes as text. */
function shown(at: number, zone: string): string {
  const formatter = formatters.get(zone) ?? new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", timeStyle: "short" });
  formatters.set(zone, formatter);
  return formatter.format(at);
}

/** Minute by minute, as one would look at a clock. */
function naive(now: number, { from, to, zone }: QuietHours): number {
  for (let at = now; ; at = Math.floor(at / 60_000) * 60_000 + 60_000) {
    const time = shown(at, zone);
    if (!(from < to ? from <= time && time < to : from <= time || time < to)) return at;
  }
}

const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${String(h).padStart(2, "0")}:${String(m).padStart(2, "0")}`);
const zones = [
  "Europe/Helsinki",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "UTC",
  "Africa/Casablanca",
  "America/St_Johns",
  "Pacific/Apia",
  "Pacific/Chatham",
  "Europe/Dublin",
  "Asia/Gaza",
  "Antarctica/Troll",
];
/** Within a day and a half of a change of clocks. */
const changes = [
  "2026-03-29T01:00Z",
  "2026-10-25T01:00Z",
  "2026-03-08T07:00Z",
  "2026-11-01T06:00Z",
  "2026-10-03T15:30Z",
  "2026-04-04T15:00Z",
  "2011-12-30T10:00Z",
  "2026-02-15T02:00Z",
  "2026-03-22T02:00Z",
].map(iso);
const moments = fc.oneof(
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -129_600_000, max: 129_600_000 })).map(([at, by]) => at + by),
  fc.integer({ min: iso("1975-01-01T00:00Z"), max: iso("2037-01-01T00:00Z") }),
);

test("it is what one finds who looks at the clock each minute", () => {
  fc.assert(
    fc.property(moments, clock, clock, fc.constantFrom(...zones), (now, from, to, zone) => {
      fc.pre(from !== to);
      const quiet = { from, to, zone };
      expect(new Date(nextAllowed(now, quiet)).toISOString()).toBe(new Date(naive(now, quiet)).toISOString());
    }),
    { numRuns: 1_000 },
  );
}, 60_000);

test("quiet hours in the hour that is left out or comes twice", () => {
  const near = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 59 })).map(([h, m]) => `0${h}:${String(m).padStart(2, "0")}`);
  fc.assert(
    fc.property(
      fc.constantFrom(...changes),
      fc.integer({ min: -10_800_000, max: 10_800_000 }),
      near,
      near,
      fc.constantFrom(...zones),
      (change, by, from, to, zone) => {
        fc.pre(from !== to);
        expect(nextAllowed(change + by, { from, to, zone }) - change).toBe(naive(change + by, { from, to, zone }) - change);
      },
    ),
    { numRuns: 1_000 },
  );
}, 60_000);

test("what is allowed stays allowed, and nothing before it was", () => {
  fc.assert(
    fc.property(moments, clock, clock, fc.constantFrom(...zones), fc.double({ min: 0, max: 1, noNaN: true }), (now, from, to, zone, part) => {
      fc.pre(from !== to);
      const quiet = { from, to, zone };
      const at = nextAllowed(now, quiet);
      expect(nextAllowed(at, quiet)).toBe(at);
      const between = Math.floor(now + (at - now) * part);
      if (between > now && between < at) expect(nextAllowed(between, quiet)).toBe(at);
      expect(at - now).toBeLessThanOrEqual(2 * 86_400_000);
    }),
  );
});

test("a time with fractions of ms", () => {
  expect(nextAllowed(iso("2026-01-15T22:00:00Z") + 0.5, night("UTC"))).toBe(iso("2026-01-16T08:00:00Z"));
  expect(nextAllowed(iso("2026-03-28T20:00:00Z") + 0.5, { from: "21:00", to: "03:30", zone: "Europe/Helsinki" })).toBe(iso("2026-03-29T01:00:00Z"));
  expect(nextAllowed(0.5 + iso("2026-01-15T12:00:00Z"), night("UTC"))).toBe(0.5 + iso("2026-01-15T12:00:00Z"));
});

test.each<[unknown, RegExp]>([
  [{ from: "9:00", to: "08:00", zone: "UTC" }, /^quiet\.from is "9:00"\. Give hours and minutes/],
  [{ from: "21:00", to: "24:00", zone: "UTC" }, /^quiet\.to is "24:00"/],
  [{ from: "21:60", to: "08:00", zone: "UTC" }, /^quiet\.from/],
  [{ from: "21:00:00", to: "08:00", zone: "UTC" }, /^quiet\.from/],
  [{ from: "9 pm", to: "08:00", zone: "UTC" }, /^quiet\.from/],
  [{ from: 2100, to: "08:00", zone: "UTC" }, /^quiet\.from is 2100/],
  [{ to: "08:00", zone: "UTC" }, /^quiet\.from is undefined/],
  [{ from: "08:00", to: "08:00", zone: "UTC" }, /^quiet\.from and quiet\.to are both "08:00"/],
  [{ from: "21:00", to: "08:00", zone: "Europe/Helsingfors" }, /^quiet\.zone is "Europe\/Helsingfors"\. Give an IANA time zone/],
  [{ from: "21:00", to: "08:00", zone: "+02:00" }, /^quiet\.zone/],
  [{ from: "21:00", to: "08:00", zone: "" }, /^quiet\.zone/],
  [{ from: "21:00", to: "08:00" }, /^quiet\.zone is undefined/],
])("%j is refused by the setting's name", (quiet, message) => {
  const refusal = expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(message) as string }) as Error;
  expect(() => nextAllowed(0, quiet as QuietHours)).toThrow(refusal);
  expect(() => checkQuietHours(quiet as QuietHours)).toThrow(refusal);
});

test("no time is refused, right settings are given back", () => {
  for (const now of [Number.NaN, Infinity, -Infinity, 8.64e15]) {
    expect(() => nextAllowed(now, night("UTC"))).toThrow(
      expect.objectContaining({ code: "invalid_field", message: expect.stringMatching(/^now is /) as string }),
    );
  }
  expect(checkQuietHours(night("UTC"))).toEqual(night("UTC"));
});
