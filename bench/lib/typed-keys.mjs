/**
 * @template {string} K
 * @param {Readonly<Record<K, unknown>>} object
 */
export function typedKeys(object) {
  return /** @type {K[]} */ (Object.keys(object));
}
