import type { ServerResponse } from "node:http";
import { eachHeader, type HeadArgument } from "./answer-head.ts";
import { phraseOf } from "./held-answer.ts";
import { isPage, planned, type AnswerFields, type AnswerPlan } from "./page-answer.ts";
import { pageBody, type PageBody } from "./page-body.ts";
import type { HtmlRewriter } from "./page-rewriter.ts";
import type { ResponseMethods } from "./response-methods.ts";

/**
 * The ways to begin of one response, with its pages rewritten. It stands behind the gate, so that the session is settled when it is asked, and before
 * what wrapped the response earlier, such as a middleware that compresses.
 *
 * @param plan asked once, when the head is written or a body begins.
 */
export function pageResponse(response: ServerResponse, inner: ResponseMethods, rewriter: HtmlRewriter | undefined, plan: () => AnswerPlan): ResponseMethods {
  let known: AnswerPlan | undefined;
  let body: PageBody | undefined;
  let begun = false;
  let ended = false;
  const fields: AnswerFields = {
    get(name) {
      const value = response.getHeader(name);
      return value === undefined ? undefined : Array.isArray(value) ? value.join(", ") : String(value);
    },
    set: (name, value) => void response.setHeader(name, value),
    remove: (name) => response.removeHeader(name),
  };

  function writeHead(status: number, reason?: string | HeadArgument, headers?: HeadArgument): ServerResponse {
    known ??= plan();
    const phrase = typeof reason === "string" ? reason : phraseOf(response);
    const given = typeof reason === "string" ? headers : (reason ?? headers);
    eachHeader(given, (name, value) => (value === undefined ? response.removeHeader(name) : response.setHeader(name, value)));
    const page = planned(status, fields, known);
    Reflect.apply(inner.writeHead, response, phrase === undefined ? [status] : [status, phrase]);
    begun = true;
    if (page && rewriter !== undefined && known.token !== undefined && response.req.method !== "HEAD") body = pageBody(rewriter, known.token);
    return response;
  }

  /** The head of a page is written before its first byte; that of anything else is left to Node, which then knows the length. */
  function begin(): void {
    if (begun) return;
    known ??= plan();
    if (rewriter !== undefined && known.token !== undefined && isPage(response.statusCode, fields)) response.writeHead(response.statusCode);
  }

  function write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    begin();
    // What is no part of a page is Node's to refuse.
    if (body === undefined || !isPart(chunk)) return Reflect.apply(inner.write, response, [chunk, encoding, callback]) as boolean;
    const told = callbackOf(encoding, callback);
    if (ended) {
      if (told !== undefined) process.nextTick(told, Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" }));
      return false;
    }
    const text = body.write(partOf(chunk, encoding));
    if (text !== "") return Reflect.apply(inner.write, response, told === undefined ? [text, "utf8"] : [text, "utf8", told]) as boolean;
    if (told !== undefined) process.nextTick(told);
    return true;
  }

  function end(chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse {
    begin();
    const nothing = chunk === undefined || chunk === null || typeof chunk === "function";
    if (body === undefined || !(nothing || isPart(chunk))) return Reflect.apply(inner.end, response, [chunk, encoding, callback]) as ServerResponse;
    if (ended) return response;
    ended = true;
    const told = typeof chunk === "function" ? (chunk as () => void) : callbackOf(encoding, callback);
    const part = nothing ? undefined : partOf(chunk, encoding);
    Object.defineProperty(response, "writableEnded", { value: true, configurable: true });
    body.end(part, (rest) => {
      Reflect.deleteProperty(response, "writableEnded");
      Reflect.apply(inner.end, response, rest === "" ? [told] : told === undefined ? [rest, "utf8"] : [rest, "utf8", told]);
    });
    return response;
  }

  return { writeHead, write, end, flushHeaders: () => inner.flushHeaders.call(response) };
}

function callbackOf(encoding: unknown, callback: unknown): ((error?: Error) => void) | undefined {
  const told = typeof encoding === "function" ? encoding : callback;
  return typeof told === "function" ? (told as (error?: Error) => void) : undefined;
}

function isPart(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === "string" || chunk instanceof Uint8Array;
}

function partOf(chunk: unknown, encoding: unknown): string | Uint8Array {
  if (typeof chunk !== "string") return chunk as Uint8Array;
  const isText = typeof encoding !== "string" || /^utf-?8$/i.test(encoding);
  return isText ? chunk : Buffer.from(chunk, encoding as BufferEncoding);
}
