import type { ServerResponse } from "node:http";

/** Whatever is kept for a response while it is made. */
export interface Placed {
  readonly response: ServerResponse;
  /** Of an earlier request on the same connection that is not answered yet (HTTP/1.1 pipelining). */
  before: Placed | undefined;
}

const place = Symbol("sojourn");
type Holder<Gate extends Placed> = object & { [place]?: Gate | undefined };

/**
 * Where a gate lives, so that the next function to meet the response finds it: under a symbol of this module. On the response itself where a property
 * there costs next to nothing. Else (see `replaceForAll`) on its connection, one object for many requests: on a response of Express a property costs 10 µs,
 * and so does its being a key of a WeakMap or a Map, half of that in the garbage collector.
 */
export interface GatePlaces<Gate extends Placed> {
  find(response: ServerResponse): Gate | undefined;
  put(gate: Gate, onResponse: boolean): void;
  /** Forgets a gate that lives on the connection, which would else keep the response alive until the next request. */
  drop(gate: Gate): void;
}

export function gatePlaces<Gate extends Placed>(): GatePlaces<Gate> {
  // For responses that stand in for real ones in tests and have no connection.
  const homeless = new WeakMap<ServerResponse, Gate>();

  function connectionOf(response: ServerResponse): Holder<Gate> | undefined {
    return (response.req as { readonly socket?: object | null } | undefined)?.socket ?? undefined;
  }

  return {
    find(response) {
      const connection = connectionOf(response);
      let gate = connection?.[place];
      while (gate !== undefined && gate.response !== response) gate = gate.before as Gate | undefined;
      if (gate !== undefined) return gate;
      // Own properties alone: a look through the prototypes of a response of Express, which finds nothing there, costs more than all else here.
      if (Object.hasOwn(response, place)) return (response as Holder<Gate>)[place];
      return connection === undefined ? homeless.get(response) : undefined;
    },
    put(gate, onResponse) {
      const { response } = gate;
      const holder: Holder<Gate> | undefined = onResponse ? response : connectionOf(response);
      if (holder === undefined) return void homeless.set(response, gate);
      if (!onResponse) gate.before = unanswered(holder[place]);
      holder[place] = gate;
    },
    drop(gate) {
      const connection = connectionOf(gate.response);
      if (connection?.[place] === gate) connection[place] = gate.before as Gate | undefined;
    },
  };
}

function unanswered(gate: Placed | undefined): Placed | undefined {
  let each = gate;
  while (each !== undefined && (each.response.writableEnded || each.response.destroyed)) each = each.before;
  return each;
}
