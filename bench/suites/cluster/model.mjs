import { createSessions } from "sojourn";
import { payloadOf, userOf } from "../../lib/payload.mjs";
import { randomBase32 } from "../../lib/random-names.mjs";

/** Characters of an id that tell the time. The others are random. */
const timeOfId = 10;
const hour = 3_600_000;

/**
 * The record of one who is logged in, as a manager as shipped begins it: what stores are filled with.
 * @param {import("sojourn").Store} store
 */
export async function modelIn(store) {
  const session = await createSessions({ store }).create({ subject: userOf(0), methods: ["pwd"], data: payloadOf(0) });
  const model = await store.load(/** @type {import("sojourn").SessionId} */ (session.id));
  if (model?.subject === undefined || model.wake === undefined) throw new Error("A session that was begun is not in the store.");
  return /** @type {import("sojourn").SessionRecord & { subject: string, wake: number }} */ (model);
}

/**
 * The change that begins another like it, of another client, at another time of the same hours.
 * @param {Awaited<ReturnType<typeof modelIn>>} model
 * @param {number} client
 * @param {{ wake?: boolean, subject?: boolean, alias?: boolean }} indexed which indexes it stands in, besides that of its kind.
 * @returns {import("sojourn").Change}
 */
export function copyOf({ id, kind, subject, wake, fields }, client, { wake: due = true, subject: owned = true, alias = false } = {}) {
  return {
    id: /** @type {import("sojourn").SessionId} */ (id.slice(0, timeOfId) + randomBase32(id.length - timeOfId)),
    expect: "absent",
    kind,
    set: fields,
    ...(due && { wake: wake + ((client * 7_919) % (6 * hour)) }),
    ...(owned && { subject: subject.replace(userOf(0), userOf(client)) }),
    ...(alias && { claim: [`main:${randomBase32(22)}`] }),
  };
}

/**
 * Begins so many, many at a time.
 * @param {import("sojourn").Store} store
 * @param {number} count
 * @param {(client: number) => import("sojourn").Change} changeOf
 */
export async function fill(store, count, changeOf) {
  /** @type {import("sojourn").SessionId[]} */
  const ids = [];
  let next = 0;
  const maker = async () => {
    while (next < count) {
      const client = next++;
      const change = changeOf(client);
      const outcome = await store.commit(change);
      if (!outcome.ok) throw new Error(`Session ${client} was refused: ${outcome.why}.`);
      ids[client] = change.id;
    }
  };
  await Promise.all(Array.from({ length: Math.min(128, count) }, maker));
  return ids;
}
