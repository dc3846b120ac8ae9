import { sealedSessions, newKey } from "sojourn/sealed";
import { fakeClock } from "sojourn/testing";
import { content, subject } from "./content.mjs";

/** Version, key id, nonce and tag of a text of format s1. */
const framing = 1 + 16 + 24 + 16;
const place = { place: "__Host-Http-session", room: 4_000 };
const record = 300;
const used = { writes: 1_000, hours: 8 };

/**
 * Of the session of one who is logged in, whose record, all that is sealed, has exactly 300 bytes.
 * @typedef {object} Sizes
 * @property {number} record bytes.
 * @property {number} characters of its token.
 * @property {number} header bytes of the record that are no field's name or value.
 * @property {number} later the same after many writes in many hours: its numbers have grown.
 * @property {typeof used} used
 */

/** @returns {Promise<Sizes>} */
export async function sizes() {
  const clock = fakeClock();
  /** @type {import("sojourn/sealed").SealedSessions<Record<string, unknown>>} */
  const manager = sealedSessions({ keys: [newKey()], clock });
  /** @param {object} fields */
  const begun = async (fields) => {
    const session = await manager.visit(place);
    await session.authenticate(subject, { methods: ["pwd"] });
    for (const [name, value] of Object.entries(fields)) session.set(name, value);
    return tokenOf(await manager.settle(session));
  };
  const bare = { ...content(), notes: "" };
  const fields = { ...bare, notes: "n".repeat(record - bytesOf(await begun(bare))) };
  let token = await begun(fields);
  const found = { record: bytesOf(token), characters: token.length, header: bytesOf(token) - bytesOfFields(fields) };
  if (found.record !== record) throw new Error(`The record has ${found.record} bytes; it should have ${record}.`);
  for (let n = 0; n < used.writes; n++) {
    clock.advance((used.hours * 3_600_000) / used.writes);
    const session = await manager.visit({ token, ...place });
    if (session.subject !== subject) throw new Error(`After ${n} writes the session is not resumed.`);
    session.set("views", fields.views);
    token = tokenOf(await manager.settle(session));
  }
  return { ...found, later: bytesOf(token) - bytesOfFields(fields), used };
}

/** @param {import("sojourn").HandBack | undefined} back */
function tokenOf(back) {
  if (back?.token === undefined) throw new Error("Nothing was handed back.");
  return back.token;
}

/** @param {string} token */
function bytesOf(token) {
  return Buffer.from(token, "base64url").length - framing;
}

/** What stands between a name and a value, and between two fields, is not among it, and so counts for the header. @param {object} fields */
function bytesOfFields(fields) {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(value)), 0);
}
