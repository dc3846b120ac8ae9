import { randomBase32 } from "../../lib/random-names.mjs";

/**
 * Who there is, and when each is due. Times of the sessions are those of a clock of the bench's own: what is due, and how much at once, is the same however long filling takes.
 *
 * @typedef {object} Population
 * @property {number} sessions
 * @property {number} epoch epoch ms: the bench's zero. All moments below are ms from it.
 * @property {number} burst so many are due together, once alone and once beside visits.
 * @property {number} pace so many are due in each second of the rest.
 * @property {number} remembered so many have their tokens kept, to be visited.
 */

/** As managers are shipped. */
export const idle = 1_800_000;
const absolute = 43_200_000;
const second = 1_000;
/** When the two bursts have come due, and when the rest begin to. Between these moments nothing is due: a part of the rehearsal that wants no sweep, or a known one, is put there. */
export const moments = { quiet: -600 * second, firstBurst: 2 * second, firstErased: 70 * second, secondBurst: 302 * second, pace: 600 * second };
/** How long ended sessions are kept, ms: the first burst and the rest so shortly that erasing is measured too, the second not to be in the way. */
const retentions = { firstBurst: 60 * second, secondBurst: 86_400 * second, rest: 10 * second };

/**
 * When a session was made, which is also when it was last seen, and for how long it is kept when it has ended.
 * @param {Population} population
 * @param {number} client 0 to `sessions` - 1.
 */
export function lifeOf({ epoch, burst, pace }, client) {
  const [wake, retention] =
    client < burst
      ? [moments.firstBurst - second + (client * second) / burst, retentions.firstBurst]
      : client < 2 * burst
        ? [moments.secondBurst - second + ((client - burst) * second) / burst, retentions.secondBurst]
        : [moments.pace + ((client - 2 * burst) * second) / pace, retentions.rest];
  const created = epoch + Math.floor(wake) - idle;
  return { created, idle, absolute: created + absolute, lifetime: absolute, retention };
}

/** Every so many sessions, of those that come due one after the other, one is remembered. @param {Population} population @param {number} client */
export function isRemembered({ sessions, burst, remembered }, client) {
  const rest = sessions - 2 * burst;
  return client >= 2 * burst && (client - 2 * burst) % Math.ceil(rest / remembered) === 0;
}

/** What an application might keep of a client: ten small fields, 220 bytes of JSON. @param {number} client */
export function fieldsOf(client) {
  return {
    name: `Client ${String(client).padStart(8, "0")}`,
    locale: "en-GB",
    theme: "dark",
    timeZone: "Europe/Lisbon",
    plan: "team",
    roles: ["member", "editor"],
    cart: [{ sku: "sku-000123", quantity: 2 }],
    step: 3,
    returnTo: "/checkout",
    visits: 0,
  };
}

/** 12 characters, as many as a number of a customer has. @param {number} client */
export const subjectOf = (client) => `c-${String(client).padStart(10, "0")}`;

const digits = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id as a manager would have made it then. @param {number} created epoch ms. */
export function idAt(created) {
  let time = "";
  for (let rest = created, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = digits.charAt(rest % 32) + time;
  return /** @type {import("sojourn").SessionId} */ (time + randomBase32(16));
}

/** When a session was made (epoch ms), by its id. @param {string} id */
export function createdOf(id) {
  let time = 0;
  for (let i = 0; i < 10; i++) time = 32 * time + digits.indexOf(id.charAt(i));
  return time;
}

/**
 * The change that begins a session like one that the manager has begun, of another client and at a time of its own.
 * @param {import("sojourn").SessionRecord} model
 * @param {number} client
 * @param {ReturnType<typeof lifeOf>} life
 * @returns {import("sojourn").Change}
 */
export function copyOf({ kind, subject = "", fields }, client, life) {
  const { created } = life;
  const set = {
    ...fields,
    $life: JSON.stringify(life),
    $seen: String(created),
    $auth: `{"at":${created},"methods":["pwd"],"levels":{}}`,
    name: `"Client ${String(client).padStart(8, "0")}"`,
  };
  return { id: idAt(created), expect: "absent", kind, subject: subject.slice(0, -12) + subjectOf(client), wake: created + life.idle, set };
}
