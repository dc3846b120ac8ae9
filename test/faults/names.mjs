/** Names of one round, few enough to be fought for. @param {number} seed @returns {import("./types.ts").Names} */
export function newNames(seed) {
  const of = (/** @type {string} */ stem, /** @type {number} */ count) => Array.from({ length: count }, (_, i) => `rig-${seed}:${stem}${i}`);
  return { kind: `rig-${seed}`, ballast: `ballast-${seed}`, aliases: of("alias", 6), subjects: of("subject", 4), subjectLimit: 3, kindLimit: 10 };
}
