import { andThen } from "../../core/maybe.ts";
import type { MaybePromise, SessionId } from "../../core/seam.ts";
import { all } from "../../sealed/all.ts";
import { boxOf, utf8 } from "../../sealed/box.ts";
import { heldBy, type Keyring } from "../../sealed/keys.ts";

/** Texts under the keys of a ring, each bound to the record and the field in which it rests. */
export interface Seals {
  seal(id: SessionId, name: string, text: string): MaybePromise<string>;
  /** `undefined` when it was not sealed for this place by a key of the ring, or was changed. */
  open(id: SessionId, name: string, sealed: string): MaybePromise<string | undefined>;
  /** Another object once the ring has other keys: what was opened before counts no more. */
  readonly keys: object;
}

/** UTF-16 units of text in one box: at three bytes each, what a box can hold. Longer texts are sealed in pieces. */
const pieceLength = 16_000;

const noHead = new Uint8Array(0);

/** Purpose `store`: nothing that was sealed for a token opens as a field, nor the other way about. */
export function sealsOf(ring: Keyring): Seals {
  const box = boxOf(ring, "store");
  const held = heldBy(ring);

  function openPiece(sealed: string, context: string): MaybePromise<string | undefined> {
    return andThen(box.open(sealed, context), (opened) => opened && utf8(opened.bytes, 0));
  }

  return {
    seal(id, name, text) {
      if (text.length <= pieceLength) return box.seal(noHead, text, placeOf(id, name, 0, 1));
      const pieces = cut(text);
      const sealed = all(pieces.map((piece, i) => box.seal(noHead, piece, placeOf(id, name, i, pieces.length))));
      return andThen<readonly string[], string>(sealed, (texts) => texts.join("."));
    },
    open(id, name, sealed) {
      if (!sealed.includes(".")) return openPiece(sealed, placeOf(id, name, 0, 1));
      const pieces = sealed.split(".");
      const opened = all(pieces.map((piece, i) => openPiece(piece, placeOf(id, name, i, pieces.length))));
      return andThen(opened, (texts) => (texts.includes(undefined) ? undefined : texts.join("")));
    },
    get keys() {
      return held.keys;
    },
  };
}

/** Which piece, of how many, of which field of which record. Every part but the last has a length that is known, so no two places are written alike. */
function placeOf(id: SessionId, name: string, piece: number, pieces: number): string {
  return `${piece}/${pieces} ${id.length} ${id} ${name}`;
}

function cut(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + pieceLength, text.length);
    // Not between the two halves of a character: alone, neither is one.
    if (to < text.length && (text.charCodeAt(to) & 0xfc00) === 0xdc00) to--;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
