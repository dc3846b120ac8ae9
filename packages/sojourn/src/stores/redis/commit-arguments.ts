import type { Change } from "../../core/seam.ts";
import type { Held } from "../places.ts";
import { nameOf } from "./keys.ts";

/** The arguments of `commitScript`, as its page counts them. */
export function commitArguments(
  change: Change,
  held: readonly Held[],
  bucket: number,
  feed: { readonly length: number; channel(id: string): string } | undefined,
): string[] {
  const { id, expect, fence, kind = "", subject, wake, epoch, ended, set = {}, unset = [], claim = [], release = [] } = change;
  const names = Object.keys(set);
  const claims = ended === undefined ? claim : [];
  return [
    id,
    String(expect),
    fence === undefined ? "" : String(fence),
    typeof expect === "number" && reachesEnded(change) ? "1" : "",
    change.erase ? "1" : "",
    kind,
    nameOf(kind),
    subject === undefined ? "" : subject === null ? "-" : `=${subject}`,
    wake === undefined ? "" : wake === null ? "-" : String(wake),
    epoch === undefined ? "" : String(epoch),
    feed === undefined ? "" : String(feed.length),
    feed === undefined ? "" : feed.channel(id),
    ended ?? "",
    String(bucket),
    ...[held, names, unset, claims, release].map(({ length }) => String(length)),
    ...held.flatMap(({ place, nonce, judged }) => [place, nonce, judged ? "1" : "0"]),
    ...names.flatMap((name) => [`.${name}`, set[name] as string]),
    ...unset.map((name) => `.${name}`),
    ...claims,
    ...release,
  ];
}

/** As in `apply`: retention is re-armed and records are erased after the end; nothing else is. */
function reachesEnded(change: Change): boolean {
  if (change.erase) return true;
  return (
    change.wake !== undefined &&
    change.set === undefined &&
    change.unset === undefined &&
    change.claim === undefined &&
    change.release === undefined &&
    change.subject === undefined &&
    change.epoch === undefined &&
    change.ended === undefined
  );
}
