import { apply } from "../../core/apply.ts";
import { storeUnavailable } from "../../core/errors.ts";
import type { CallOptions, Change, Outcome, SessionId } from "../../core/seam.ts";
import { explained, isWorthRepeating, refusalOf } from "./failures.ts";
import type { PostgresClient, PostgresRow, PostgresStatement } from "./postgres-client.ts";
import type { Statements } from "./statements.ts";
import { arrayLiteral, escaped, isOdd, isShortened, keyOf } from "./texts.ts";

/** Makes one change, by one statement as a rule. */
export type Commit = (change: Change, options?: CallOptions) => Promise<Outcome>;

const none: readonly string[] = [];
/** Conflicts with others are repeated so often. */
const mostTries = 8;

export interface CommitSettings {
  readonly client: PostgresClient;
  readonly statements: Statements;
  /** Whether commits leave an event. */
  readonly feed: boolean;
  /** ms that a statement may wait for another transaction. */
  readonly longest: number;
}

/** Where among a statement's values the time stands that it may wait. */
const patience = 2;

export function commits({ client, statements, feed, longest }: CommitSettings): Commit {
  async function run(statement: PostgresStatement, values: (string | null)[], deadline?: number): Promise<PostgresRow | undefined> {
    for (let tries = 1; ; tries++) {
      const left = deadline === undefined ? longest : deadline - Date.now();
      if (left <= 0) throw storeUnavailable("the deadline had passed before the change was sent; nothing was written");
      values[patience] = String(Math.ceil(Math.min(left, longest)));
      try {
        return (await client.query(statement, values, deadline))[0];
      } catch (error) {
        if (tries === mostTries || !isWorthRepeating(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * tries));
      }
    }
  }

  async function merge({ id, expect, fence, set, unset = none }: Change, deadline?: number): Promise<Outcome | undefined> {
    const shape = { unset: unset.length > 0, version: typeof expect === "number", fence: fence !== undefined };
    const values = [escaped(id), set === undefined ? "{}" : JSON.stringify(escapedFields(set)), ""];
    if (shape.unset) values.push(arrayLiteral(unset));
    if (shape.version) values.push(String(expect));
    if (fence !== undefined) values.push(String(fence));
    const row = await run(statements.merge(shape), values, deadline);
    return row === undefined ? undefined : { ok: true, version: Number(row["number"]) };
  }

  async function general(change: Change, deadline?: number): Promise<Outcome> {
    const { json, nameOf } = written(change);
    const row = await run(statements.commit, [json, String(feed), ""], deadline);
    const word = row?.["word"];
    if (word === "ok") {
      const version = Number(row?.["number"]);
      if (change.expect !== "absent") return { ok: true, version };
      const made = apply(undefined, change);
      return { ok: true, version, ...(made.ok && made.next && { record: made.next }) };
    }
    if (word === "taken") return { ok: false, why: "taken", alias: nameOf(row?.["note"] ?? "") };
    if (word === "full") return { ok: false, why: "full", of: row?.["note"] === "kind" ? "kind" : "subject" };
    if (word === "exists" || word === "missing" || word === "ended" || word === "stale" || word === "fenced") return { ok: false, why: word };
    throw storeUnavailable("the schema's function commit gives what this release does not know; nothing was written");
  }

  return async (change, options) => {
    const deadline = options?.deadline;
    try {
      // Where no row is changed, the function says why; should the reason be gone by then, it makes the change.
      return (isMerge(change) ? await merge(change, deadline) : undefined) ?? (await general(change, deadline));
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) return refusal;
      throw explained(error, true);
    }
  };
}

/** Nothing but fields, of a session that has to be there. */
function isMerge(change: Change): boolean {
  if (change.expect === "absent" || change.erase !== undefined) return false;
  if (change.set === undefined && change.unset === undefined) return false;
  return change.wake === undefined && change.subject === undefined && change.epoch === undefined && change.ended === undefined && noAliases(change);
}

function noAliases({ claim = [], release = [] }: Change): boolean {
  return claim.length === 0 && release.length === 0;
}

/** The change as the function takes it, and which alias it means by a key. */
function written(change: Change): { readonly json: string; readonly nameOf: (key: string) => string } {
  const names: Record<string, string> = {};
  const meant = new Map<string, string>();
  const keyed = (name: string): string => {
    const key = keyOf(name);
    if (isShortened(key)) names[key] = escaped(name);
    meant.set(key, name);
    return key;
  };
  const { id, kind, subject, ended, set, unset, claim, release } = change;
  const text = {
    ...change,
    id: escaped(id) as SessionId,
    ...(kind === undefined ? undefined : { kind: keyed(kind) }),
    ...(typeof subject !== "string" ? undefined : { subject: keyed(subject) }),
    ...(ended === undefined ? undefined : { ended: escaped(ended) }),
    ...(set === undefined ? undefined : { set: escapedFields(set) }),
    ...(unset === undefined ? undefined : { unset: unset.map(escaped) }),
    ...(claim === undefined ? undefined : { claim: claim.map(keyed) }),
    ...(release === undefined ? undefined : { release: release.map(keyed) }),
  };
  const more = Object.keys(names).length === 0 ? undefined : { names };
  return { json: JSON.stringify({ ...text, ...more }), nameOf: (key) => meant.get(key) ?? key };
}

function escapedFields(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(fields);
  if (!entries.some(([name, text]) => isOdd(name) || isOdd(text))) return fields;
  return Object.fromEntries(entries.map(([name, text]) => [escaped(name), escaped(text)]));
}
