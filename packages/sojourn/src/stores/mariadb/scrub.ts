import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import { entriesOf } from "./field-lines.ts";
import { hashOf } from "./hash-of.ts";
import { columns, recordOf } from "./row.ts";
import { miscounted, type MariadbNames } from "./schema.ts";
import type { Trips } from "./trips.ts";

/** Records, or aliases, looked at in one statement. */
const batch = 200;

/**
 * Compares the table of aliases and the counters with the records. What is found by kind, subject and wake cannot differ from the record: MariaDB keeps those indexes itself.
 * @throws {SojournError} `store_unavailable`
 */
export async function scrub(trips: Trips, names: MariadbNames, { repair = false, progress }: ScrubOptions = {}): Promise<ScrubReport> {
  const { session, alias } = names;
  // The holder of an alias is a live record that has its line.
  const held = `s.ended IS NULL AND LOCATE(CONCAT(CHAR(10), LOWER(HEX(a.hash)), '='), s.aliases) > 0`;
  const holders = `${alias} a LEFT JOIN ${session} s ON s.id = a.session AND ${held}`;
  const write = async (sql: string, values: readonly Buffer[]): Promise<number> => (await trips.write(sql, values, undefined)).affected;
  const sizes = await trips.read(`SELECT (SELECT COUNT(*) FROM ${session}) + (SELECT COUNT(*) FROM ${alias})`, []);
  const of = Number(sizes.rows[0]?.[0]);
  const unreadable: { id: string; why: string }[] = [];
  const conflicts = new Map<string, SessionId[]>();
  let [records, missing, dead, repaired, done] = [0, 0, 0, 0, 0];

  const deadOnes = `SELECT a.hash, a.session, s.id IS NULL FROM ${holders} WHERE a.hash > ? ORDER BY a.hash LIMIT ?`;
  await inBatches(trips, deadOnes, async (rows) => {
    for (const [hash, holder, isDead] of rows as [Buffer, Buffer, number][]) {
      if (!isDead) continue;
      dead++;
      if (repair) repaired += await write(`DELETE a FROM ${holders} WHERE a.hash = ? AND a.session = ? AND s.id IS NULL`, [hash, holder]);
    }
    progress?.({ done: (done += rows.length), of });
  });

  const lacking = `LENGTH(s.aliases) - LENGTH(REPLACE(s.aliases, CHAR(10), '')) > (SELECT COUNT(*) FROM ${alias} a WHERE a.session = s.id AND ${held})`;
  await inBatches(trips, `SELECT ${columns}, ${lacking} FROM ${session} s WHERE s.id > ? ORDER BY s.id LIMIT ?`, async (rows) => {
    for (const row of rows) {
      records++;
      try {
        recordOf(row);
        if (row.at(-1)) await lookAt(row[0] as Buffer, entriesOf(String(row[7])));
      } catch (error) {
        unreadable.push({ id: String(row[0]), why: (error as Error).message });
      }
    }
    progress?.({ done: (done += rows.length), of });
  });

  async function lookAt(id: Buffer, aliases: readonly (readonly [string, string])[]): Promise<void> {
    for (const [, name] of aliases) {
      const hash = hashOf(name, "an alias");
      const [holder, holds] = (await trips.read(`SELECT a.session, s.id IS NOT NULL FROM ${holders} WHERE a.hash = ?`, [hash])).rows[0] ?? [];
      if (Buffer.isBuffer(holder) && holder.equals(id)) continue;
      if (holds) conflicts.set(name, [...(conflicts.get(name) ?? [String(holder) as SessionId]), String(id) as SessionId]);
      else missing++;
      if (holder !== undefined || !repair) continue;
      const line = Buffer.from(`\n${hash.toString("hex")}=`);
      const add = `INSERT IGNORE INTO ${alias} (hash, session) SELECT ?, s.id FROM ${session} s WHERE s.id = ? AND s.ended IS NULL AND LOCATE(?, s.aliases) > 0 FOR UPDATE`;
      repaired += await write(add, [hash, id, line]);
    }
  }

  const wrong = (await trips.read(miscounted(names), [])).rows.length;
  if (repair && wrong > 0) {
    await trips.write(`CALL ${names.recount}()`, [], undefined);
    repaired += wrong;
  }
  return { records, missing, dead, miscounted: wrong, repaired, conflicts: [...conflicts].map(([name, ids]) => ({ alias: name, ids })), unreadable };
}

/** Goes through the rows of a statement whose first column is what it begins after. */
async function inBatches(trips: Trips, sql: string, act: (rows: readonly (readonly unknown[])[]) => Promise<void>): Promise<void> {
  for (let after: Buffer = Buffer.alloc(0); ;) {
    const { rows } = await trips.read(sql, [after, batch]);
    await act(rows);
    if (rows.length < batch) return;
    after = rows.at(-1)?.[0] as Buffer;
  }
}
