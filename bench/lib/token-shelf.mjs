/**
 * Tokens outside the JavaScript heap, so that what clients would keep is not counted as what sessions take. All its memory is taken, and touched, at once.
 * @param {number} room most tokens.
 */
export function tokenShelf(room) {
  const width = 64;
  const bytes = Buffer.alloc(room * width, 32);
  let size = 0;
  return {
    /** @param {string} token at most 64 characters of one byte. */
    add(token) {
      bytes.write(token, size++ * width, "latin1");
    },
    /** @param {number} index */
    at: (index) => bytes.toString("latin1", index * width, (index + 1) * width).trimEnd(),
    get size() {
      return size;
    },
  };
}
