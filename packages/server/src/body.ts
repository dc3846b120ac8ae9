import type { IncomingMessage } from "node:http";
import { checkDepth, checkKeys } from "./json-guard.ts";
import { Problem } from "./problem.ts";

/** Bytes that a body may have. */
const bodyBound = 1_048_576;

/**
 * What a request's JSON body says; `{}` when there is none. Read from Node's own request: to make a `Request` of one that has a body costs more than all else
 * that is done with it.
 * @throws {Problem} 413, 415, or 400 saying what is wrong with it
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await collected(received(request), request.headers["content-length"], bodyBound);
  if (bytes.length === 0) return {};
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Problem(
      415,
      "unsupported_media_type",
      `The body is ${JSON.stringify(type ?? "of no type")}. Send JSON, and say so: Content-Type: application/json.`,
      {
        headers: { Accept: "application/json" },
      },
    );
  }
  const value = parsed(bytes);
  checkKeys(value, "");
  return value;
}

/** A body of so many bytes at most. @throws {Problem} 413 */
export async function readBytes(request: Request, bound: number): Promise<Uint8Array> {
  // Node's type leaves open what the chunks are; those of a request are bytes.
  const body = request.body as ReadableStream<Uint8Array> | null;
  return body === null ? new Uint8Array() : collected(body, request.headers.get("content-length"), bound);
}

/** Its connection stays: whoever sent too much is told so. */
function received(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}

async function collected(body: AsyncIterable<Uint8Array>, announced: string | null | undefined, bound: number): Promise<Uint8Array> {
  if (Number(announced) > bound) throw tooLarge(bound);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bound) throw tooLarge(bound);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parsed(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem(400, "invalid_request", "The body is not UTF-8 text. Send JSON in UTF-8 (RFC 8259 §8.1).");
  }
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, "invalid_request", `The body is not JSON${whereIn(error)}. Check its quotes, commas and brackets.`);
  }
}

/** Where JSON.parse stopped. Its message may quote the body, so only the place is taken from it. */
function whereIn(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? "" : ` (at character ${position})`;
}

function tooLarge(bound: number): Problem {
  const detail = `The body has more than ${bound} bytes. Keep large things elsewhere and their keys in the session.`;
  return new Problem(413, "too_large", detail, { headers: { Connection: "close" } });
}
