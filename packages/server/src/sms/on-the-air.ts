/** What a text is as short messages. */
export interface OnTheAir {
  readonly alphabet: "GSM 7 bit" | "UCS-2";
  readonly parts: number;
}

/** 3GPP TS 23.038 6.2.1, and its extension table 6.2.1.1, whose characters take two septets each. */
const basic = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]$/;
const extension = /^[\f^{}\\[~\]|€]$/;
/** Septets, or 16-bit units, of a message alone and of a part of several (3GPP TS 23.040 9.2.3.24.1, a reference of 8 bits). */
const room = { "GSM 7 bit": { alone: 160, part: 153 }, "UCS-2": { alone: 70, part: 67 } } as const;

/**
 * In which alphabet a text goes out, and in how many parts. For showing: what is sent is cut by the network, or by what stands before it.
 * A character of two septets, or of two units (a surrogate pair), is not cut.
 */
export function onTheAir(text: string): OnTheAir {
  const characters = Array.from(text);
  const septets = characters.map((character) => (basic.test(character) ? 1 : extension.test(character) ? 2 : undefined));
  const alphabet = septets.includes(undefined) ? "UCS-2" : "GSM 7 bit";
  const costs = characters.map((character, at) => (alphabet === "UCS-2" ? character.length : (septets[at] ?? 0)));
  const { alone, part } = room[alphabet];
  if (costs.reduce((sum, cost) => sum + cost, 0) <= alone) return { alphabet, parts: 1 };
  let parts = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > part) {
      parts++;
      used = 0;
    }
    used += cost;
  }
  return { alphabet, parts };
}
