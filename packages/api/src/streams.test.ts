import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamReader, type StreamMessage } from "./streams.ts";

const encoder = new TextEncoder();

function readAll(text: string, lastId?: string): { messages: readonly StreamMessage[]; lastId: string; retry: number | undefined } {
  const reader = streamReader(lastId);
  const messages = reader.read(encoder.encode(text));
  return { messages, lastId: reader.lastId, retry: reader.retry };
}

describe("an event stream is read as WHATWG HTML §9.2.6 says", () => {
  test.each<[string, string, readonly Partial<StreamMessage>[]]>([
    ["nothing", "", []],
    ["two messages", "data: a\n\ndata: b\n\n", [{ data: "a" }, { data: "b" }]],
    ["lines that end in CR LF", "event: x\r\ndata: a\r\n\r\n", [{ type: "x", data: "a" }]],
    ["lines that end in CR", "data: a\rdata: b\r\r", [{ data: "a\nb" }]],
    ["all line ends in one", "data: a\r\ndata: b\rdata: c\n\r\n", [{ data: "a\nb\nc" }]],
    ["LF CR: two ends", "data: a\n\rdata: b\n\n", [{ data: "a" }, { data: "b" }]],
    ["several lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", [{ data: "YHOO\n+2\n10" }]],
    [
      "a comment, and the last message without an end",
      ": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third",
      [
        { id: "1", data: "first" },
        { id: "", data: "second" },
      ],
    ],
    ["data without a value", "data\n\ndata\ndata\n\ndata:", [{ data: "" }, { data: "\n" }]],
    ["one space is taken away, and no more", "data:a\n\ndata: a\n\ndata:  a\n\n", [{ data: "a" }, { data: "a" }, { data: " a" }]],
    ["an event without data is none, and its type is forgotten", "event: x\n\ndata: a\n\n", [{ type: "message", data: "a" }]],
    ["an id stays until there is another", "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n", [{ id: "1" }, { id: "1" }, { id: "2" }]],
    ["an id with NUL is none", "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", [{ id: "1" }, { id: "1" }]],
    ["fields that nobody knows", "foo: bar\nDATA: x\n data: y\ndata: a\n\n", [{ data: "a" }]],
    ["a byte order mark", "\ufeffdata: a\n\n\ufeffdata: b\n\n", [{ data: "a" }]],
    ["other things that some take for line ends", "data: a\u2028b\u0085c\vd\n\n", [{ data: "a\u2028b\u0085c\vd" }]],
  ])("%s", (_, text, messages) => {
    expect(readAll(text).messages).toMatchObject(messages);
    expect(readAll(text).messages).toHaveLength(messages.length);
  });

  test("the id to go on from is of messages that were whole, data or not; retry is digits", () => {
    expect(readAll("id: 1\n\nid: 2\ndata: a").lastId).toBe("1");
    expect(readAll("data: a\n\n", "before")).toMatchObject({ messages: [{ id: "before" }], lastId: "before" });
    expect(readAll("id\n\n", "before").lastId).toBe("");
    expect(readAll("retry: 5000\n").retry).toBe(5_000);
    expect(readAll("retry: 5s\nretry: -1\nretry:\nretry: 1e3\n").retry).toBeUndefined();
  });

  test("what is no UTF-8 becomes U+FFFD", () => {
    expect(streamReader().read(Uint8Array.from([...encoder.encode("data: "), 0xff, ...encoder.encode("\n\n")]))).toMatchObject([{ data: "\ufffd" }]);
  });
});

/** Texts that are much like event streams. */
const streamText = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("data: a", "data", "data:é€😀", "event: x", "id: 7", "id", "id: \0", ": c", "retry: 12", "\ufeff", "x") },
      { weight: 5, arbitrary: fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\n\r\n") },
      { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

test("however its bytes are cut, the same is read", () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(400), { maxLength: 30 }), (text, cuts) => {
      const bytes = encoder.encode(text);
      const reader = streamReader();
      const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b);
      let from = 0;
      const messages = ends.flatMap((end) => {
        const read = reader.read(bytes.subarray(from, end));
        from = end;
        return read;
      });
      expect({ messages, lastId: reader.lastId, retry: reader.retry }).toEqual(readAll(text));
    }),
    { numRuns: 1_000 },
  );
});

test("it reads what a plain reading of the grammar gives", () => {
  fc.assert(
    fc.property(streamText, (text) => {
      // Whole lines, without the mark in front; what comes after the last line's end is not one.
      // As UTF-8 has it: half a surrogate pair is none.
      const lines = new TextDecoder("utf-8", { ignoreBOM: true })
        .decode(encoder.encode(text))
        .replace(/^\ufeff/, "")
        .split(/\r\n|\r|\n/)
        .slice(0, -1);
      const messages: StreamMessage[] = [];
      let [id, type, data]: [string, string, string[]] = ["", "", []];
      for (const line of lines) {
        const [, name, value] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
        if (line === "") {
          if (data.length > 0) messages.push({ id, type: type === "" ? "message" : type, data: data.join("\n") });
          [type, data] = ["", []];
        } else if (name === "data") data.push(value ?? "");
        else if (name === "event") type = value ?? "";
        else if (name === "id" && value?.includes("\0") === false) id = value;
      }
      expect(readAll(text).messages).toEqual(messages);
    }),
    { numRuns: 1_000 },
  );
});

test("a message, or a line, of more than a million characters is an error; comments may go on for ever", () => {
  const kilobyte = encoder.encode(`data: ${"x".repeat(994)}\n`);
  const long = streamReader();
  expect(() => {
    for (let n = 0; n < 1_001; n++) long.read(kilobyte);
  }).toThrow(RangeError);
  const endless = streamReader();
  const part = encoder.encode("x".repeat(1_000));
  expect(() => {
    for (let n = 0; n < 1_001; n++) endless.read(part);
  }).toThrow(RangeError);
  const chatty = streamReader();
  const comment = encoder.encode(`: ${"x".repeat(997)}\n`);
  for (let n = 0; n < 3_000; n++) chatty.read(comment);
  expect(chatty.read(encoder.encode("data: a\n\n"))).toMatchObject([{ data: "a" }]);
});
