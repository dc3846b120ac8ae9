import type { ServerResponse } from "node:http";

/** A response's ways to begin. */
export interface ResponseMethods {
  readonly writeHead: ServerResponse["writeHead"];
  readonly write: ServerResponse["write"];
  readonly end: ServerResponse["end"];
  readonly flushHeaders: ServerResponse["flushHeaders"];
}

const names = ["writeHead", "write", "end", "flushHeaders"] as const;
/** For the prototype of a response: the object on which its methods can be replaced for all. */
const places = new WeakMap<object, object | undefined>();
/** Responses that had been wrapped when the methods were replaced, and need their own. */
const early = new WeakSet<ServerResponse>();
let someEarly = false;
/** The methods that stood on such an object before. */
const originals = new WeakMap<object, ResponseMethods>();

/**
 * Replaces the methods of all responses of an application at once, and gives those that stood there before; `undefined` when each response has to
 * be given its own.
 *
 * Express changes the prototype of each response, after which V8 gives each a hidden class of its own: a property put on one costs 5 to 10 µs
 * instead of 0.2. Express's place for changing its responses is `app.response`, the prototype of all responses of an application and of those mounted in it.
 */
export function replaceForAll(response: ServerResponse, ours: ResponseMethods): ResponseMethods | undefined {
  const place = placeFor(response);
  if (place === undefined) return undefined;
  const before = originals.get(place);
  if (before !== undefined) return someEarly && early.has(response) ? undefined : before;
  const { writeHead, write, end, flushHeaders } = place as ServerResponse;
  const methods: ResponseMethods = { writeHead, write, end, flushHeaders };
  originals.set(place, methods);
  for (const name of names) Object.defineProperty(place, name, { value: ours[name], writable: true, configurable: true });
  // Whoever wrapped this very response did so around the methods of before, and would pass ours by.
  if (!names.some((name) => Object.hasOwn(response, name))) return methods;
  someEarly = true;
  early.add(response);
  return undefined;
}

/** The methods that were replaced for all responses of this one's application. */
export function originalsFor(response: ServerResponse): ResponseMethods | undefined {
  const place = placeFor(response);
  return place === undefined ? undefined : originals.get(place);
}

function placeFor(response: ServerResponse): object | undefined {
  const prototype = Object.getPrototypeOf(response) as object;
  if (places.has(prototype)) return places.get(prototype);
  const place = findPlace(prototype);
  places.set(prototype, place);
  return place;
}

/** Below Node's own class, which has `writeHead`, stands Express's `response`, and below that the outermost application's. Others have at most one of these. */
function findPlace(prototype: object): object | undefined {
  const between: object[] = [];
  for (let each: object | null = prototype; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    if (originals.has(each)) return each;
    if (Object.hasOwn(each, "writeHead")) break;
    between.push(each);
  }
  return between.at(-2);
}
