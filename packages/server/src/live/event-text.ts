/** What one message of an event stream says. */
export interface Told {
  /** What a listener names to go on from there; of one line. */
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  /** Anything that JSON can say. */
  readonly data: unknown;
}

/** A line of comment (WHATWG HTML §9.2.6): keeps proxies and listeners from taking silence for a lost connection. */
export const comment = ":\n\n";

/** A message of an event stream, as text. JSON has no line ends, so its data is one line. */
export function eventText({ id, type, data }: Told): string {
  return `${id === undefined ? "" : `id: ${id}\n`}${type === undefined ? "" : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`;
}

const encoder = new TextEncoder();

/** As it is sent. */
export function eventBytes(text: string): Uint8Array {
  return encoder.encode(text);
}
