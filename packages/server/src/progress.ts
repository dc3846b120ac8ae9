/** A line on the terminal that changes while something takes long. */
export interface Progress {
  /** `of` = 0: nobody knows how much there is. */
  show(doing: string, done: number, of: number): void;
  /** Takes the line away. */
  clear(): void;
}

/** How often the line changes (ms). */
const pace = 100;

/** On stderr, if that is a terminal, and unless asked to be quiet: what is printed on stdout can be piped. */
export function progressLine(
  quiet: boolean,
  stream: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  const shown = !quiet && stream.isTTY === true;
  let last = -Infinity;
  return {
    show(doing, done, of) {
      if (!shown || now() - last < pace) return;
      last = now();
      const share = of === 0 ? "" : ` ${Math.floor((100 * done) / of)} %`;
      stream.write(`\r\u001b[K${doing}${share} (${done.toLocaleString("en")}${of === 0 ? "" : ` of ${of.toLocaleString("en")}`})`);
    },
    clear() {
      if (shown && last !== -Infinity) stream.write("\r\u001b[K");
    },
  };
}
