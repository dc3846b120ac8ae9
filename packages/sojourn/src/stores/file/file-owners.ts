import type { Held, Landing, Owners } from "../places.ts";
import { commitDocument, resolveDocument, type SessionDocument } from "../session-document.ts";
import { readable, type Documents } from "./documents.ts";
import { nameOf, timeOf } from "./paths.ts";

/** ms after which a reservation of its own is too old for a commit: longer than one is on its way, much shorter than what was forbidden is remembered. */
const mostOnItsWay = 60_000;

/** The records of the house's reservation protocol. */
export function fileOwners(documents: Documents, live: Owners["live"]): Owners {
  return {
    async load(id) {
      const document = await readable(documents, nameOf(id));
      return document === "unreadable" ? undefined : document?.record;
    },
    commit: (change, held, deadline) =>
      documents.change(nameOf(change.id), {
        deadline,
        judge(document, now) {
          const { landing, next } = commitDocument(document, change, held, now);
          const old = landing.ok ? tooOld(document, held) : [];
          if (old.length === 0) return { answer: landing, next };
          // It may have been forbidden and forgotten while this process slept. Forbidden again, so that nobody else lands with it.
          const answer: Landing = { ok: false, why: "lost", nonces: old };
          const { record, holds = new Map(), forbidden = [] } = document ?? {};
          return { answer, next: { record, holds, forbidden: new Map([...forbidden, ...old.map((nonce) => [nonce, now] as const)]) } };
        },
      }),
    async resolve(entry, place, forbid, deadline) {
      // Mostly there is nothing to write, and then reading does.
      const document = await readable(documents, nameOf(entry.id));
      // Nobody knows; what it may hold stays its own.
      if (document === "unreadable") return "holds";
      const { answer, next } = resolveDocument(document, entry, place, forbid, Date.now());
      if (next === undefined) return answer;
      return documents.change(nameOf(entry.id), { deadline, judge: (found, now) => resolveDocument(found, entry, place, forbid, now) });
    },
    live,
  };
}

/** Nonces that the record does not hold yet and that were given long ago. A mark says when; it was this process that gave it, or the session holds it. */
function tooOld(document: SessionDocument | undefined, held: readonly Held[]): string[] {
  const before = Date.now() - mostOnItsWay;
  return held.filter(({ place, nonce }) => document?.holds.get(place) !== nonce && timeOf(nonce) < before).map(({ nonce }) => nonce);
}
