/** Bytes of a whole number. */
export function sizeOfNumber(n: number): number {
  let size = 1;
  while (n >= 128) {
    n = Math.floor(n / 128);
    size++;
  }
  return size;
}

/** Whether a text needs two bytes a character. */
export const isWide = (text: string): boolean => /[\u0100-\uffff]/.test(text);

/** Bytes of a text with its length. */
export function sizeOfText(text: string): number {
  const { length } = text;
  return sizeOfNumber(length * 2 + 1) + (isWide(text) ? length * 2 : length);
}

/** Of the value of a field: the most that it takes. */
export function sizeOfValue(text: string): number {
  const { length } = text;
  return sizeOfNumber(length * 4 + 1) + (isWide(text) ? length * 2 : length);
}
