import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import type { HttpCheck, HttpChunk, HttpReply, HttpRoute } from "./http-contract-harness.ts";
import { jar, json, onSite, pause, signal, soon, type HttpScene } from "./http-contract-scene.ts";

/** A route that writes to its session and then answers this. */
function writing(reply: HttpReply | (() => HttpReply)): HttpRoute {
  return async (ask) => {
    const session = await ask();
    session.set("n", (session.get("n") ?? 0) + 1);
    return typeof reply === "function" ? reply() : reply;
  };
}

async function* chunks(...all: readonly HttpChunk[]): AsyncGenerator<HttpChunk> {
  for (const chunk of all) {
    await pause(1);
    yield chunk;
  }
}

const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);

/** The ways in which applications answer; each begins with a write to the session. */
const answers: Readonly<Record<string, { readonly reply: () => HttpReply; readonly status: number; readonly body: string | Uint8Array }>> = {
  text: { reply: () => ({ text: "a page" }), status: 200, body: "a page" },
  "JSON with a status of its own": { reply: () => ({ json: { a: [1] }, status: 201 }), status: 201, body: '{"a":[1]}' },
  bytes: { reply: () => ({ bytes }), status: 200, body: bytes },
  "a stream": { reply: () => ({ stream: chunks("one ", new TextEncoder().encode("two "), "three") }), status: 200, body: "one two three" },
  "a long stream": { reply: () => ({ stream: chunks(...Array.from({ length: 64 }, () => "x".repeat(16_384))) }), status: 200, body: "x".repeat(1_048_576) },
  "an empty stream": { reply: () => ({ stream: chunks() }), status: 200, body: "" },
  "nothing (204)": { reply: () => ({ status: 204 }), status: 204, body: "" },
  "nothing new (304)": { reply: () => ({ status: 304, headers: { etag: '"1"' } }), status: 304, body: "" },
  "an error page": { reply: () => ({ status: 422, text: "wrong" }), status: 422, body: "wrong" },
};

/** Whichever way an application answers. */
export const answerPromises: Readonly<Record<string, HttpCheck>> = {
  ...Object.fromEntries(
    Object.entries(answers).map(([name, { reply, status, body }]) => [
      `answered with ${name}: committed, handed back, and the body and its headers arrive as without a session`,
      onSite({ routes: { "GET /answer": writing(reply), "GET /bare": reply } }, async ({ call }) => {
        const [answer, bare] = [await call("GET /answer"), await call("GET /bare")];
        deepEqual([bare.status, bare.cookies], [status, []]);
        for (const field of ["content-type", "etag", "x-content-type-options"]) equal(spaced(answer.header(field)), spaced(bare.header(field)), field);
        deepEqual([answer.status, answer.complete, answer.cookies.length], [status, true, 1]);
        if (typeof body === "string") equal(answer.text, body);
        else deepEqual(new Uint8Array(answer.bytes), body);
        deepEqual(json(await call("GET /read", jar(answer))).data, { n: 1 });
      }),
    ]),
  ),

  "answered with a redirect: the page after it sees what was written before it, always": onSite(
    { routes: { "POST /add": writing({ redirect: "/read" }) } },
    async ({ call }) => {
      let known = {};
      for (let n = 1; n <= 10; n += 1) {
        const added = await call("POST /add", known);
        deepEqual([Math.floor(added.status / 100), added.header("location")?.replace(/^http:\/\/shop\.example/, "")], [3, "/read"]);
        equal(added.cookies.length, n === 1 ? 1 : 0);
        if (n === 1) known = jar(added);
        deepEqual(json(await call("GET /read", known)).data, { n });
      }
    },
  ),

  "answered with a compressed body: committed, handed back, and nothing of it is changed": onSite(
    {
      routes: {
        "GET /packed": async (ask) => {
          const { createGzip } = await import("node:zlib");
          const { Readable } = await import("node:stream");
          const packed = Readable.from(chunks("a long page ".repeat(1_000), "and its end")).pipe(createGzip());
          (await ask()).set("n", 1);
          return { headers: { "content-encoding": "gzip", "content-type": "text/plain" }, stream: packed as AsyncIterable<HttpChunk> };
        },
      },
    },
    async ({ call }) => {
      const { gunzipSync } = await import("node:zlib");
      const answer = await call("GET /packed", { "accept-encoding": "gzip" });
      deepEqual([answer.status, answer.header("content-encoding"), answer.cookies.length], [200, "gzip", 1]);
      equal(gunzipSync(answer.bytes).toString(), `${"a long page ".repeat(1_000)}and its end`);
    },
  ),

  "answered to HEAD: the head of GET, committed and handed back, without a body": onSite(
    { routes: { "GET /page": writing({ text: "a page", headers: { "x-page": "1" } }) } },
    async ({ call }) => {
      const answer = await call("HEAD /page");
      deepEqual([answer.status, answer.header("x-page"), answer.cookies.length, answer.bytes.length], [200, "1", 1, 0]);
      deepEqual(json(await call("GET /read", jar(answer))).data, { n: 1 });
    },
  ),

  "a stream goes out as it comes, and takes no write after its first byte": async (harness) => {
    const later = signal();
    async function* slowly(write: () => void): AsyncGenerator<HttpChunk> {
      yield "one ";
      await later.given;
      try {
        write();
        yield "taken";
      } catch (error) {
        yield (error as { readonly code: string }).code;
      }
    }
    await onSite(
      {
        routes: {
          "GET /slow": async (ask) => {
            const session = await ask();
            session.set("n", 1);
            return { stream: slowly(() => session.set("n", 2)) };
          },
        },
      },
      async ({ open, call }) => {
        const flight = await open("GET /slow");
        await soon("the first bytes", () => flight.arrived() > 0);
        later.give();
        const answer = await flight.answer;
        equal(answer.text, "one response_started");
        deepEqual(json(await call("GET /read", jar(answer))).data, { n: 1 });
      },
    )(harness);
  },

  "what the application sets stays: headers, its cookies, its Vary": onSite(
    {
      routes: {
        "GET /own": writing({ text: "x", headers: { "x-own": "1", vary: "Accept-Language" }, cookies: ["a=1; Path=/", "b=2; Path=/"] }),
      },
    },
    async ({ call }) => {
      const answer = await call("GET /own");
      equal(answer.header("x-own"), "1");
      deepEqual(answer.cookies.slice(0, 2), ["a=1; Path=/", "b=2; Path=/"]);
      deepEqual([answer.cookies.length, answer.cookies[2]?.split("=", 1)[0]], [3, "__Host-Http-session"]);
      match(answer.header("vary") ?? "", /^Accept-Language, Cookie$/i);
    },
  ),

  ...Object.fromEntries(
    Object.entries({
      text: () => ({ text: "a page" }),
      "a stream": () => ({ stream: chunks("one ", "two") }),
      "a redirect": () => ({ redirect: "/read" }),
      "an error": (): never => {
        throw new Error("boom");
      },
    } satisfies Record<string, () => HttpReply>).map(([name, reply]) => [
      `no byte before the commit: ${name}`,
      onSite({ routes: { "GET /answer": writing(reply) } }, (scene) => noByteBefore(scene, "GET /answer")),
    ]),
  ),
};

/** Blanks after a semicolon say nothing (RFC 9110 §5.6.6). */
function spaced(value: string | undefined): string | undefined {
  return value?.replaceAll(/; */g, "; ");
}

async function noByteBefore({ open, hold, call }: HttpScene, route: string): Promise<void> {
  const held = hold();
  const flight = await open(route);
  await held.come;
  await pause(20);
  equal(flight.arrived(), 0);
  held.letGo();
  const answer = await flight.answer;
  notEqual(flight.arrived(), 0);
  deepEqual([answer.complete, answer.cookies.length], [true, 1]);
  deepEqual(json(await call("GET /read", jar(answer))).data, { n: 1 });
}
