/** One message of an event stream. */
export interface StreamMessage {
  /** The last `id:` that was said, with this message or before; "" when there was none. */
  readonly id: string;
  /** "message" unless it says another. */
  readonly type: string;
  readonly data: string;
}

/** What is read of an event stream (WHATWG HTML §9.2.6), as its bytes come in. */
export interface StreamReader {
  /**
   * The messages that are whole with these bytes. One that is not is forgotten when the stream ends.
   * @throws {RangeError} when a message has more than a million characters: nothing can be read after that
   */
  read(bytes: Uint8Array): StreamMessage[];
  /** What to name as `Last-Event-ID` to go on; "" when there is nothing. */
  readonly lastId: string;
  /** How long to wait before the stream is asked for again, if it said so; in ms. */
  readonly retry: number | undefined;
}

/** Characters of one message, comments apart, and of one line. */
const longest = 1_000_000;

/** @param lastId of the stream of which this is the continuation. */
export function streamReader(lastId = ""): StreamReader {
  // It takes away a byte order mark, as it has to; what is no UTF-8 becomes U+FFFD.
  const decoder = new TextDecoder();
  let line = "";
  let afterReturn = false;
  let idSaid = lastId;
  let type = "";
  let data: string[] = [];
  let size = 0;
  let retry: number | undefined;
  let messages: StreamMessage[] = [];

  function dispatch(): void {
    lastId = idSaid;
    if (data.length > 0) messages.push({ id: lastId, type: type || "message", data: data.join("\n") });
    type = "";
    data = [];
    size = 0;
  }

  function field(text: string): void {
    const colon = text.indexOf(":");
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id" && !value.includes("\0")) idSaid = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) retry = Number(value);
  }

  function took(text: string): void {
    if (text === "") dispatch();
    // A colon in front is a comment.
    else if (text[0] !== ":") {
      size += text.length;
      if (size > longest) throw tooLong();
      field(text);
    }
  }

  return {
    read(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      let from = 0;
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (code !== 10 && code !== 13) {
          afterReturn = false;
          continue;
        }
        // The second half of a line's end, which may come with the next bytes.
        if (code === 10 && afterReturn) {
          afterReturn = false;
          from = at + 1;
          continue;
        }
        afterReturn = code === 13;
        const whole = line + text.slice(from, at);
        line = "";
        from = at + 1;
        took(whole);
      }
      line += text.slice(from);
      if (line.length > longest) throw tooLong();
      const read = messages;
      messages = [];
      return read;
    },
    get lastId() {
      return lastId;
    },
    get retry() {
      return retry;
    },
  };
}

function tooLong(): RangeError {
  return new RangeError(`a message of the stream has more than ${longest} characters`);
}
