import { createHash } from "node:crypto";

/** What is in one generation of a cell. */
export interface Frame {
  /** Marks of the last writers, the newest last. By these one knows its own write again whose answer was lost. */
  readonly trail: readonly string[];
  /** `""`: nothing is left; the cell may go. */
  readonly payload: string;
}

/** The file is none that this release can read. Others are none the worse for it. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** How many marks a trail has at most. */
export const trailLength = 8;

/** One line that says what follows, with a checksum over both, and the payload. Text, so that an operator can read it. */
export function encodeFrame({ trail, payload }: Frame): Uint8Array {
  const rest = `${trail.slice(-trailLength).join(",")}\n${payload}`;
  return Buffer.from(`sojourn-file 1 ${checksum(rest)} ${rest}`, "utf8");
}

const pattern = /^sojourn-file 1 ([0-9a-f]{32}) ([0-9a-z,]*)\n/;

/** @throws {UnreadableFile} */
export function decodeFrame(bytes: Uint8Array): Frame {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const [head, sum, trail] = pattern.exec(text) ?? [];
  if (head === undefined || sum === undefined || trail === undefined) {
    const newer = /^sojourn-file ([2-9]|\d\d+) /.test(text);
    throw new UnreadableFile(newer ? "a newer release of sojourn wrote its file" : "its file does not begin as one of ours: it was cut off or overwritten");
  }
  const payload = text.slice(head.length);
  if (checksum(`${trail}\n${payload}`) !== sum) throw new UnreadableFile("the checksum of its file is wrong: it was cut off or changed");
  return { trail: trail === "" ? [] : trail.split(","), payload };
}

function checksum(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 32);
}
