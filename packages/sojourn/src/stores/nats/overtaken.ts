import { storeUnavailable } from "../../core/errors.ts";

/** A document that so many others change at the same time gives up, long after any deadline. */
const mostTries = 500;

/** Waits a little, longer the more often this was overtaken, and never as long as another that was. */
export async function overtaken(tries: number, what: string): Promise<void> {
  if (tries >= mostTries) throw storeUnavailable(`${what} was overtaken ${mostTries} times by changes of others; nothing was written`);
  if (tries > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(40, 2 ** tries)));
}
