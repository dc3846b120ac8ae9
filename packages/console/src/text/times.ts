const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in at most two units: "45 s", "3 min", "2 h 5 min", "12 d 4 h". Takes ms. */
export function lengthText(ms: number): string {
  const length = Math.max(0, Math.round(ms));
  if (length < second) return length === 0 ? "0 s" : `${length} ms`;
  if (length < minute) return `${Math.floor(length / second)} s`;
  if (length < hour) return two(length, minute, "min", second, "s", 10 * minute);
  if (length < day) return two(length, hour, "h", minute, "min", Infinity);
  return two(length, day, "d", hour, "h", 30 * day);
}

/** The smaller unit goes once the whole is so long that nobody asks for it. */
function two(length: number, big: number, bigName: string, small: number, smallName: string, until: number): string {
  const rest = Math.floor((length % big) / small);
  const whole = `${Math.floor(length / big)} ${bigName}`;
  return rest === 0 || length >= until ? whole : `${whole} ${rest} ${smallName}`;
}

/** A moment as seen from another: "now", "3 min ago", "in 2 h 5 min". Both epoch ms. */
export function agoText(at: number, now: number): string {
  const past = now - at;
  if (Math.abs(past) < 2 * second) return "now";
  // Of minutes that have passed nobody wants the seconds: they would only flicker.
  return past > 0 ? `${lengthText(past < hour ? past - (past >= minute ? past % minute : 0) : past)} ago` : `in ${lengthText(-past)}`;
}

/** The time that is left, as a clock shows it: "14:05", "1:02:09". Takes ms; never below zero. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / second));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

const dates = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short" });
const moments = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const clocks = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium" });

/** A moment in full, by this machine's time zone: "2026-03-01 03:12:07". Sorts, and is read alike everywhere. */
export function momentText(at: number): string {
  return moments.format(at);
}

/** Of the same day only the time: "03:12:07". */
export function shortMoment(at: number, now: number): string {
  return dates.format(at) === dates.format(now) ? clocks.format(at) : moments.format(at);
}

/** As an `<input type="datetime-local">` has it, by this machine's time zone; with seconds, or what is cut off would be added in silence. */
export function inputMoment(at: number): string {
  return moments.format(at).replace(" ", "T");
}
