import { AsyncLocalStorage } from "node:async_hooks";

/** Ids and tokens by the names that a story gives them: `S12` was begun by step 12, `T12` issued by it. */
export interface Names {
  session(id: string): string;
  secret(token: string): string;
  /** Carries out a part of a story: what turns up under no name meanwhile was made by it, or by the part that was begun last. */
  during<T>(name: string, part: () => T): T;
  learn(id: string | undefined, token: string | undefined): void;
}

/** One for all stories: while any is in use, every promise of the process pays for each that there is. */
const parts = new AsyncLocalStorage<string>();

export function namesOf(): Names {
  const known = new Map<string, string>();
  let last = "";
  const current = (): string => parts.getStore() ?? last;
  return {
    session(id) {
      if (!known.has(id)) known.set(id, `S${current()}`);
      return known.get(id)!;
    },
    secret: (token) => known.get(token) ?? "an unknown secret",
    during(name, part) {
      last = name;
      return parts.run(name, part);
    },
    learn(id, token) {
      if (id !== undefined && !known.has(id)) known.set(id, `S${current()}`);
      if (token !== undefined && !known.has(token)) known.set(token, `T${current()}`);
    },
  };
}
