import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import type { PostgresClient, PostgresStatement } from "./postgres-client.ts";
import { unescaped } from "./texts.ts";

/** Rows looked at in one statement. */
const pageSize = 500;

/** An alias of a live record that the table of aliases does not have for it; `holder`: another live record that it has it for. */
interface Lacking {
  readonly id: string;
  readonly alias: string;
  readonly name: string;
  readonly holder: string | null;
}

/** Compares aliases and counts with the records, some hundred rows at a time; the counts in one look at all. Each repair looks again under a commit's locks. */
export async function scrub(client: PostgresClient, schema: string, { repair = false, progress }: ScrubOptions = {}): Promise<ScrubReport> {
  const statement = (name: string, text: string): PostgresStatement => ({ name: `sojourn:${schema}:scrub-${name}`, text });
  const sessions = statement("sessions", `select last, records, faults from ${schema}.scrub_sessions($1, ${pageSize})`);
  const aliases = statement("aliases", `select last, entries, dead from ${schema}.scrub_aliases($1, ${pageSize})`);
  const fix = statement("repair", `select ${schema}.repair_alias($1, $2)::text as done`);
  const [sizes] = await client.query(
    statement("sizes", `select ((select count(*) from ${schema}.session) + (select count(*) from ${schema}.alias))::text as all`),
    [],
  );
  const of = Number(sizes?.["all"]);
  let [records, done, missing, dead, repaired] = [0, 0, 0, 0, 0];
  const unreadable: { id: string; why: string }[] = [];
  const holders = new Map<string, Set<string>>();

  async function mend(alias: string, id: string | null): Promise<void> {
    if (!repair) return;
    const [row] = await client.query(fix, [alias, id]);
    if (row?.["done"] === "true") repaired++;
  }

  for (let past: string | null = ""; past !== null;) {
    const [page] = await client.query(aliases, [past]);
    for (const alias of JSON.parse(page?.["dead"] ?? "[]") as string[]) {
      dead++;
      await mend(alias, null);
    }
    past = page?.["last"] ?? null;
    progress?.({ done: (done += Number(page?.["entries"])), of });
  }
  for (let past: string | null = ""; past !== null;) {
    const [page] = await client.query(sessions, [past]);
    const { lacking, odd } = JSON.parse(page?.["faults"] ?? '{"lacking":[],"odd":[]}') as { lacking: Lacking[]; odd: string[] };
    for (const { id, alias, name, holder } of lacking) {
      if (holder === null) {
        missing++;
        await mend(alias, id);
      } else {
        const rivals = holders.get(name) ?? new Set([holder]);
        holders.set(name, rivals.add(id));
      }
    }
    for (const id of odd) unreadable.push({ id: unescaped(id), why: "its fields are not texts by name" });
    past = page?.["last"] ?? null;
    records += Number(page?.["records"]);
    progress?.({ done: (done += Number(page?.["records"])), of });
  }
  const wrong = await client.query(statement("counts", `select kind, wrong from ${schema}.scrub_counts($1::text::boolean)`), [String(repair)]);
  if (repair) repaired += wrong.length;
  return {
    records,
    missing,
    dead,
    miscounted: wrong.length,
    repaired,
    conflicts: [...holders].map(([name, ids]) => ({ alias: unescaped(name), ids: [...ids].map((id) => unescaped(id) as SessionId) })),
    unreadable,
  };
}
