import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import { boxOf, textBound, utf8, type Box, type Opened } from "./box.ts";
import { keyring, newKey } from "./keys.ts";

const context = "main\nweb\n__Host-Http-session";
const head = Uint8Array.from({ length: 60 }, (_, i) => 255 - i);
const body = JSON.stringify({ theme: "dark", name: "Zoë 日本 😀", cart: [{ sku: "A-1001", n: 2 }] });
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// On node:crypto all of it answers at once.
const sealIn = (box: Box, text: string = body, at: string = context): string => box.seal(head, text, at) as string;
const openIn = (box: Box, text: string, at: string = context): Opened | undefined => box.open(text, at) as Opened | undefined;
const bodyOf = (opened: Opened | undefined): string | undefined => opened && utf8(opened.bytes, head.length);

test("whatever text is sealed comes back, with its head, in one form of a known length", () => {
  const box = boxOf(keyring([newKey()]), "session");
  const unicode = fc.string({ unit: "binary", maxLength: 400 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), unicode, unicode, (front, text, at) => {
      const sealed = box.seal(front, text, at) as string;
      const opened = openIn(box, sealed, at);
      expect(sealed).toMatch(/^[\w-]+$/);
      expect(sealed.length).toBe(Math.ceil(((57 + front.length + Buffer.byteLength(text)) * 4) / 3));
      expect(opened && [...opened.bytes.subarray(0, front.length)]).toEqual([...front]);
      expect(opened && utf8(opened.bytes, front.length)).toBe(text);
      expect(opened?.current).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a byte order mark at the front of a body is a character like any other", () => {
  const box = boxOf(keyring([newKey()]), "session");
  expect(bodyOf(openIn(box, sealIn(box, "\ufeffa")))).toBe("\ufeffa");
});

test("300 bytes are 476 characters", () => {
  const box = boxOf(keyring([newKey()]), "session");
  expect(sealIn(box, "x".repeat(240))).toHaveLength(476);
});

test("the format is what it says: opened and made here with node:crypto alone, step by step", () => {
  const key = randomBytes(32);
  const box = boxOf(keyring([key]), "session");
  const kid = Buffer.from(hkdfSync("sha256", key, "", "sojourn s1 commit", 16));
  const subkey = Buffer.from(hkdfSync("sha256", key, "", "sojourn s1 session", 32));
  const aad = Buffer.concat([Buffer.of(1), kid, Buffer.from(context)]);
  const derived = (nonce: Buffer): Buffer => {
    const ecb = (block: Buffer): Buffer => createCipheriv("aes-256-ecb", subkey, null).setAutoPadding(false).update(block);
    const l = BigInt(`0x${ecb(Buffer.alloc(16)).toString("hex")}`);
    const k1 = BigInt.asUintN(128, l << 1n) ^ (l >> 127n === 1n ? 0x87n : 0n);
    const part = (i: number): Buffer => {
      const m = BigInt(`0x${Buffer.concat([Buffer.of(0, i, 0x58, 0), nonce.subarray(0, 12)]).toString("hex")}`);
      return ecb(Buffer.from((m ^ k1).toString(16).padStart(32, "0"), "hex"));
    };
    return Buffer.concat([part(1), part(2)]);
  };

  const sealed = Buffer.from(sealIn(box), "base64url");
  expect(sealed[0]).toBe(1);
  expect(sealed.subarray(1, 17)).toEqual(kid);
  const decipher = createDecipheriv("aes-256-gcm", derived(sealed.subarray(17, 41)), sealed.subarray(29, 41));
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(41, -16)), decipher.final()]);
  expect(plain).toEqual(Buffer.concat([head, Buffer.from(body)]));

  const nonce = randomBytes(24);
  const cipher = createCipheriv("aes-256-gcm", derived(nonce), nonce.subarray(12));
  cipher.setAAD(aad);
  const made = Buffer.concat([Buffer.of(1), kid, nonce, cipher.update(head), cipher.update("made elsewhere"), cipher.final(), cipher.getAuthTag()]);
  expect(bodyOf(openIn(box, made.toString("base64url")))).toBe("made elsewhere");
});

test("a text that an earlier release sealed still opens", () => {
  const box = boxOf(keyring([Uint8Array.from({ length: 32 }, (_, i) => i)]), "session");
  expect(bodyOf(openIn(box, pinned))).toBe("pinned");
});

const pinned =
  "AdKzxucufhvQ2POqQsGo3ptybTHp5mjCGBZttbJs_ifh2-EujmwJ6hgq1WAltzex7ZzKHgPYMVTuET3BsR1bxImPrSjRnsphokiurUKIwIStq42T-KwQPYFVFnBs354_AzeoGiTREk38aw2wDXHP7KTt5sR2u-gUCUeo";

describe("anything else is nobody's:", () => {
  const ring = keyring([newKey(), newKey()]);
  const box = boxOf(ring, "session");
  const text = sealIn(box);
  const bytes = Buffer.from(text, "base64url");
  const refuses = (other: string, at: string = context): void => {
    if (openIn(box, other, at) !== undefined) throw new Error(`opened: ${other}`);
  };

  test("itself opens", () => expect(bodyOf(openIn(box, text))).toBe(body));

  test("each bit flipped", () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      refuses(changed.toString("base64url"));
    }
  });

  test("each character another", () => {
    for (let i = 0; i < text.length; i++) {
      for (const digit of `${digits}+/=. \n\0é\u0141日`) if (digit !== text[i]) refuses(text.slice(0, i) + digit + text.slice(i + 1));
    }
  });

  test("each prefix and suffix, in characters and in bytes", () => {
    for (let i = 0; i < text.length; i++) {
      refuses(text.slice(0, i));
      if (i > 0) refuses(text.slice(i));
    }
    for (let i = 0; i < bytes.length; i++) refuses(bytes.subarray(0, i).toString("base64url"));
  });

  test("each extension, and each character put in", () => {
    const more = `${digits}+/=. \t\r\n\0\u00a0\u0141\ufeff`;
    for (const digit of more) for (let i = 0; i <= text.length; i += 7) refuses(text.slice(0, i) + digit + text.slice(i));
    for (const digit of Array.from(more + digits).map((each) => each + each)) refuses(text + digit);
    for (const tail of ["=", "==", "===", "A===", text, `.${text}`, "%3D"]) refuses(text + tail);
  });

  test("another form of the same bytes: base64, padding, characters that decoders pass over or take for another, spare bits", () => {
    for (let length = 0; length < 3; length++) {
      const good = sealIn(box, "x".repeat(length));
      const same = Buffer.from(good, "base64url");
      const others = Array.from(digits)
        .map((digit) => good.slice(0, -1) + digit)
        .filter((other) => Buffer.from(other, "base64url").equals(same) && other !== good);
      expect(others).toHaveLength(good.length % 4 === 0 ? 0 : 4 ** (4 - (good.length % 4)) - 1);
      for (const other of others) refuses(other);
      for (const filler of ["=", "==", " ", "\n", ".", "\0", "é"]) {
        refuses(good + filler);
        refuses(filler + good);
        refuses(good.slice(0, 40) + filler + good.slice(40));
      }
      refuses(same.toString("base64"));
    }
    let slashed = text;
    while (!/[-_]/.test(slashed)) slashed = sealIn(box);
    for (const [own, foreign] of [
      ["-", "+"],
      ["_", "/"],
    ] as const) {
      if (slashed.includes(own)) refuses(slashed.replaceAll(own, foreign));
    }
    // Characters whose lower byte is that of a digit.
    for (let i = 0; i < text.length; i++) refuses(text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) + 256) + text.slice(i + 1));
  });

  test("another context, purpose, key or version", () => {
    for (const at of ["", `${context} `, context.slice(1), context.toUpperCase(), `${context}\0`, "other\nweb\n__Host-Http-session", "\ud800"])
      refuses(text, at);
    expect(openIn(boxOf(ring, "store"), text)).toBeUndefined();
    expect(openIn(boxOf(keyring([newKey()]), "session"), text)).toBeUndefined();
    for (let version = 0; version < 256; version++) {
      if (version !== 1) refuses(Buffer.concat([Buffer.of(version), bytes.subarray(1)]).toString("base64url"));
    }
    // Another's id, with the rest as it was, and the rest of one key under the id of the other.
    const [, second = ""] = ring.ids as readonly string[];
    refuses(Buffer.concat([bytes.subarray(0, 1), Buffer.from(second, "base64url"), bytes.subarray(17)]).toString("base64url"));
  });

  test("parts of two tokens", () => {
    const other = Buffer.from(sealIn(box, `${body} `), "base64url");
    for (let i = 18; i < bytes.length; i++) {
      refuses(Buffer.concat([bytes.subarray(0, i), other.subarray(i)]).toString("base64url"));
      refuses(Buffer.concat([other.subarray(0, i), bytes.subarray(i)]).toString("base64url"));
    }
  });

  test("what is no token at all", () => {
    const foreign = [
      "",
      ".",
      "__proto__",
      "../../etc/passwd",
      "null",
      "A".repeat(75),
      "A".repeat(76),
      "A".repeat(textBound),
      "😀".repeat(40),
      "\ud800".repeat(80),
    ];
    for (const other of foreign) refuses(other);
    for (const other of [undefined, null, 7, {}, [], Buffer.from(text)] as unknown as string[]) refuses(other);
  });

  test("what is too long, before a character of it is looked at", () => {
    const long = "A".repeat(100_000_000);
    const started = performance.now();
    for (let i = 0; i < 1_000 && performance.now() - started < 500; i++) refuses(long);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test("swapped pairwise: three purposes by three contexts, each opens where it belongs and nowhere else", () => {
  const ring = keyring([newKey()]);
  const places = ["session", "store", "ticket"].flatMap((purpose) => ["a", "b", "ab"].map((at) => ({ box: boxOf(ring, purpose), at })));
  const texts = places.map(({ box, at }) => sealIn(box, body, at));
  texts.forEach((text, i) => places.forEach(({ box, at }, j) => expect(bodyOf(openIn(box, text, at))).toBe(i === j ? body : undefined)));
});

describe("keys", () => {
  test("the first seals, the others open and say that they are not current, a retired one opens nothing from that moment", () => {
    const [old, now, next] = [newKey(), newKey(), newKey()] as const;
    const ring = keyring([old]);
    const box = boxOf(ring, "session");
    const first = sealIn(box);
    ring.replace([now, old]);
    const second = sealIn(box);
    expect([openIn(box, first)?.current, openIn(box, second)?.current]).toEqual([false, true]);
    expect(bodyOf(openIn(box, first))).toBe(body);
    ring.replace([next, now]);
    expect([openIn(box, first), openIn(box, second)?.current]).toEqual([undefined, false]);
    ring.replace([old]);
    expect([openIn(box, first)?.current, openIn(box, second)]).toEqual([true, undefined]);
  });

  test("a list that is refused leaves the keys in place", () => {
    const ring = keyring([newKey()]);
    const box = boxOf(ring, "session");
    const text = sealIn(box);
    expect(() => ring.replace([newKey(), "password"])).toThrow(SojournError);
    expect(openIn(box, text)?.current).toBe(true);
  });

  test("two rings with the same key open each other's, and say by their own order what is current", () => {
    const [a, b] = [newKey(), newKey()];
    const text = sealIn(boxOf(keyring([a, b]), "session"));
    expect(openIn(boxOf(keyring([b, a]), "session"), text)?.current).toBe(false);
  });
});

test("no nonce comes twice in 100,000, nor do two boxes share one", { timeout: 60_000 }, () => {
  const ring = keyring([newKey()]);
  const boxes = [boxOf(ring, "session"), boxOf(ring, "store")];
  const seen = new Set<string>();
  // Characters 23 to 53 are of the nonce alone: 186 of its 192 bits.
  for (let i = 0; i < 100_000; i++) seen.add(sealIn(boxes[i & 1]!, "").slice(23, 54));
  expect(seen.size).toBe(100_000);
});

test("contexts without number are all told apart, and forgetting one changes nothing", () => {
  const box = boxOf(keyring([newKey()]), "session");
  const texts = Array.from({ length: 2_000 }, (_, i) => sealIn(box, body, `context ${i}`));
  texts.forEach((text, i) => {
    expect(bodyOf(openIn(box, text, `context ${i}`))).toBe(body);
    expect(openIn(box, text, `context ${i + 1}`)).toBeUndefined();
  });
});

describe("refused:", () => {
  const ring = keyring([newKey()]);
  test("a purpose that is none, or would make the ids of keys", () => {
    for (const purpose of ["", "commit", "Session", "a b", "a\n", "é", "x".repeat(64)]) expect(caught(() => boxOf(ring, purpose)).code).toBe("invalid_option");
  });
  test("a context with half of a surrogate pair: two of them would be one", () => {
    expect(caught(() => sealIn(boxOf(ring, "session"), body, "a\ud800")).code).toBe("invalid_option");
  });
  test("what makes more characters than are ever opened; one byte less opens", () => {
    const box = boxOf(ring, "session");
    const most = (textBound / 4) * 3 - 57 - head.length;
    expect(bodyOf(openIn(box, sealIn(box, "x".repeat(most))))).toHaveLength(most);
    const { code, message } = caught(() => sealIn(box, "x".repeat(most + 1)));
    expect(code).toBe("too_large");
    expect(message).toContain("65538 characters");
  });
});

test("3 seconds of random, mutated and spliced texts: undefined or exactly what was sealed, and never an error", { timeout: 30_000 }, () => {
  const ring = keyring([newKey(), newKey(), newKey()]);
  const [first = "", ...others] = Array.from({ length: 3 }, newKey);
  ring.replace([first, ...others]);
  const box = boxOf(ring, "session");
  const older = boxOf(keyring([others[0]!]), "session");
  const contexts = ["a", "b"];
  const sealed = new Map<string, { readonly text: string; readonly at: string }>();
  for (let i = 0; i < 60; i++) {
    const text = ["x", "€", "😀"][i % 3]!.repeat(i);
    const at = contexts[i & 1]!;
    sealed.set(sealIn(i % 4 === 0 ? older : box, text, at), { text, at });
  }
  const tokens = [...sealed.keys()];
  const below = (n: number): number => Math.floor(Math.random() * n);
  const any = (): string => tokens[below(tokens.length)]!;
  const junk = ["", "=", "+", "/", ".", "\0", "\ud800", "é", "\u0141", "%", "\n", "AAAA"];
  const mutations: ((text: string) => string)[] = [
    (text) => text,
    (text) => text.slice(0, below(text.length + 1)),
    (text) => text.slice(below(text.length + 1)),
    (text) => text + any(),
    (text) => text.slice(0, below(text.length)) + any().slice(below(60)),
    (text) => spliced(text, below(text.length), 1, digits[below(64)]!),
    (text) => spliced(text, below(text.length), below(3), junk[below(junk.length)]!),
    (text) => spliced(text, below(text.length), 0, randomBytes(below(30)).toString("base64url")),
    (text) => text.slice(0, 23) + randomBytes(below(200)).toString("base64url"),
    () => randomBytes(below(300)).toString("base64url"),
    () => randomBytes(below(300)).toString("latin1"),
  ];
  let tried = 0;
  let opened = 0;
  for (const until = performance.now() + 3_000; performance.now() < until; tried++) {
    let text = any();
    for (let times = below(3); times >= 0; times--) text = mutations[below(mutations.length)]!(text);
    const at = contexts[below(2)]!;
    const known = sealed.get(text);
    const expected = known?.at === at ? known.text : undefined;
    const found = bodyOf(openIn(box, text, at));
    if (found !== expected) throw new Error(`${JSON.stringify(text)} under ${at} opened as ${found}`);
    if (found !== undefined) opened++;
  }
  expect(tried).toBeGreaterThan(1_000);
  expect(opened).toBeGreaterThan(10);
});

function spliced(text: string, at: number, out: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + out);
}

function caught(action: () => unknown): SojournError {
  try {
    action();
  } catch (error) {
    if (error instanceof SojournError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
