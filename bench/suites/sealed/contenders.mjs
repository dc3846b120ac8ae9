import { webcrypto } from "node:crypto";
import { sealData, unsealData } from "iron-session";
import { CompactEncrypt, compactDecrypt } from "jose";
import { newKey, sealedSessions } from "sojourn/sealed";
import { content, subject } from "./content.mjs";
import { drawnNonce, openRaw, sealRaw } from "./raw.mjs";

/**
 * A way to keep a session in a text.
 * @template [T=unknown] what an opened text is.
 * @typedef {object} Contender
 * @property {string} first a text to begin with.
 * @property {(text: string) => MaybePromise<T>} open all of it, read.
 * @property {(opened: T) => number} views the field that is changed.
 * @property {(opened: T, views: number) => MaybePromise<string>} seal with another value in that field.
 */
/**
 * @template T
 * @typedef {T | Promise<T>} MaybePromise
 */

/** @typedef {ReturnType<typeof content>} Data */

/** All of names.mjs. @returns {Promise<Readonly<Record<import("./names.mjs").Name, Contender>>>} */
export async function makeContenders() {
  const [iron, jose] = [opaque(await ironSession()), opaque(await joseA256Gcm())];
  return {
    raw: opaque(raw((value) => sealRaw(value))),
    pooled: opaque(raw((value) => sealRaw(value, drawnNonce()))),
    sojourn: opaque(await sojourn()),
    iron,
    ironMany: iron,
    jose,
    joseMany: jose,
  };
}

/**
 * Whoever runs them does not look into what they open.
 * @template T
 * @param {Contender<T>} contender
 */
function opaque(contender) {
  return /** @type {Contender} */ (/** @type {unknown} */ (contender));
}

/**
 * @param {(value: object) => string} seal
 * @returns {Contender<Data>}
 */
function raw(seal) {
  return { first: seal(content()), open: (text) => /** @type {Data} */ (openRaw(text)), ...changing(seal) };
}

/**
 * Of those who open to the content itself.
 * @template {MaybePromise<string>} Sealed
 * @param {(value: Data) => Sealed} seal
 */
function changing(seal) {
  return {
    views: (/** @type {Data} */ { views }) => views,
    /** @param {Data} value @param {number} views */
    seal(value, views) {
      value.views = views;
      return seal(value);
    },
  };
}

/**
 * The manager as shipped, and the session of one who is logged in: beside the content it carries whose it is, how that was proved, and its times.
 * @returns {Promise<Contender<{ session: import("sojourn").Session<Data>, data: Partial<Data> }>>}
 */
async function sojourn() {
  /** @type {import("sojourn/sealed").SealedSessions<Data>} */
  const manager = sealedSessions({ keys: [newKey()] });
  const place = { place: "__Host-Http-session", room: 4_000 };
  const begun = await manager.visit(place);
  await begun.authenticate(subject, { methods: ["pwd"] });
  for (const [name, value] of Object.entries(content())) begun.set(/** @type {"views"} */ (name), /** @type {number} */ (value));
  const first = (await manager.settle(begun))?.token ?? "";
  return {
    first,
    open(token) {
      // On Node there is nothing to wait for; a promise would fail below, which is right.
      const session = /** @type {import("sojourn").Session<Data>} */ (manager.visit({ token, ...place }));
      return { session, data: session.data };
    },
    views: ({ data }) => data.views ?? NaN,
    seal({ session }, views) {
      session.set("views", views);
      return /** @type {import("sojourn").HandBack} */ (manager.settle(session)).token ?? "";
    },
  };
}

/** iron-session as its documentation has it. @returns {Promise<Contender<Data>>} */
async function ironSession() {
  const setting = { password: "a password of the bench, which guards nothing" };
  const seal = (/** @type {Data} */ value) => sealData(value, setting);
  return { first: await seal(content()), open: (text) => unsealData(text, setting), ...changing(seal) };
}

/** A JWE of jose with a key that was imported once, in the form that checks no claims. @returns {Promise<Contender<Data>>} */
async function joseA256Gcm() {
  const key = await webcrypto.subtle.importKey("raw", webcrypto.getRandomValues(new Uint8Array(32)), "AES-GCM", false, ["encrypt", "decrypt"]);
  const header = { alg: "dir", enc: "A256GCM" };
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const seal = (/** @type {Data} */ value) => new CompactEncrypt(encoder.encode(JSON.stringify(value))).setProtectedHeader(header).encrypt(key);
  return {
    first: await seal(content()),
    open: async (text) => /** @type {Data} */ (JSON.parse(decoder.decode((await compactDecrypt(text, key)).plaintext))),
    ...changing(seal),
  };
}
