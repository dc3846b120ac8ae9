import { SojournError } from "sojourn";

/** When nothing is sent to somebody, by the clock on that somebody's wall. */
export interface QuietHours {
  /** "21:00": the first minute that is quiet. 24 hours, two digits each. */
  readonly from: string;
  /** "08:00": the first minute that is not. Before `from` when the night lies between. */
  readonly to: string;
  /** An IANA time zone: "Europe/Helsinki", "UTC". */
  readonly zone: string;
}

const day = 86_400_000;
/** How far from 1970 a Date reaches (ms; ECMA-262 21.4.1.1). */
const reach = 8.64e15;

/** To make a formatter takes 0.3 ms, to use it 5 µs. */
const formatters = new Map<string, Intl.DateTimeFormat>();
/** More names than there are zones, however they are spelt. */
const mostFormatters = 1_000;

/**
 * The first moment, from `now` on, at which the clock in the zone shows a time that is not quiet: `now` itself when it is not quiet, otherwise a whole ms.
 * 47 CFR 64.1200(c)(1) is `{ from: "21:00", to: "08:00" }` in the zone of whom is called.
 *
 * What counts is what the clock shows. Where it is put forward over the end of the quiet hours, they end when it is put forward; where it is put back over
 * their end, the part that comes twice is quiet twice. A beginning that does not exist is skipped in the same way.
 *
 * @param now epoch ms
 * @throws {SojournError} `invalid_option`, naming the setting; `invalid_field` when `now` is no time
 */
export function nextAllowed(now: number, quiet: QuietHours): number {
  const { from, to, clock } = settings(quiet);
  // There has to be room to look ahead.
  if (!(Math.abs(now) <= reach - 4 * day)) throw new SojournError("invalid_field", `now is ${String(now)}. Give epoch milliseconds.`);
  const isQuiet = (time: number): boolean => (from < to ? from <= time && time < to : from <= time || time < to);
  let at = now;
  for (let time = clock(at); isQuiet(time); time = clock(at)) {
    const end = Math.floor(at) + modulo(to - time);
    const change = firstChange(at, end, clock);
    // Without a change the clock shows `to` at the end. With one before it, it shows some time that may be quiet or not.
    if (change === undefined) return end;
    at = change;
  }
  return at;
}

/** @returns the settings, if they are right: for whoever wants to know before the first message. @throws {SojournError} `invalid_option`, naming the setting */
export function checkQuietHours(quiet: QuietHours): QuietHours {
  settings(quiet);
  return quiet;
}

/** What the clock shows at an epoch ms, as ms since the midnight that it shows. */
type WallClock = (at: number) => number;

function settings(quiet: QuietHours): { readonly from: number; readonly to: number; readonly clock: WallClock } {
  const from = timeOf(quiet.from, "from");
  const to = timeOf(quiet.to, "to");
  if (from === to) {
    throw new SojournError(
      "invalid_option",
      `quiet.from and quiet.to are both "${quiet.from}". Leave quiet hours out if there are none; they cannot last all day.`,
    );
  }
  const formatter = formatterOf(quiet.zone);
  return {
    from,
    to,
    clock(at) {
      // "21:07:59". Zones of old have seconds, and milliseconds are the same everywhere.
      const [hours, minutes, seconds] = formatter.format(at).split(":").map(Number) as [number, number, number];
      return ((hours * 60 + minutes) * 60 + seconds) * 1000 + (modulo(Math.floor(at)) % 1000);
    },
  };
}

function timeOf(text: string, setting: string): number {
  const match = typeof text === "string" ? /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) : null;
  if (match) return (Number(match[1]) * 60 + Number(match[2])) * 60_000;
  throw new SojournError("invalid_option", `quiet.${setting} is ${JSON.stringify(text)}. Give hours and minutes from "00:00" to "23:59".`);
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  try {
    // No zone at all would be that of this machine. Some runtimes know "+02:00" as a zone; it has no daylight saving, which is hardly what was meant.
    if (typeof zone !== "string" || !/^[A-Za-z]/.test(zone)) throw new RangeError("It does not begin with a letter.");
    const made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    if (formatters.size >= mostFormatters) formatters.clear();
    formatters.set(zone, made);
    return made;
  } catch (cause) {
    throw new SojournError("invalid_option", `quiet.zone is ${JSON.stringify(zone)}. Give an IANA time zone, such as "Europe/Helsinki".`, { cause });
  }
}

/** The first ms after `at`, up to `end`, at which the clock has been put forward or back since `at`. In no zone of the IANA database was that ever done twice within a day. */
function firstChange(at: number, end: number, clock: WallClock): number | undefined {
  const ahead = (moment: number): number => modulo(clock(moment) - Math.floor(moment));
  const before = ahead(at);
  if (ahead(end) === before) return undefined;
  let low = Math.floor(at);
  let high = Math.ceil(end);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (ahead(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** What remains of whole days, from 0 on. */
function modulo(ms: number): number {
  return ((ms % day) + day) % day;
}
