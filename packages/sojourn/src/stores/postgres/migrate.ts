import { SojournError, storeUnavailable } from "../../core/errors.ts";
import { migrations, newest } from "./migrations.ts";
import { stateOf, type PostgresClient } from "./postgres-client.ts";

/** Settings of {@link migratePostgres}. */
export interface MigrateOptions {
  /** Where the tables are. Default "sojourn". */
  readonly schema?: string;
  /** False: nothing is written; a schema that is older than this release is refused. Default true. */
  readonly migrate?: boolean;
}

/** Names that need no quotes, and leave room for what is put before them. */
const schemaName = /^[a-z_][a-z0-9_]{0,39}$/;

/** @throws {SojournError} `invalid_option` */
export function checkSchemaName(schema: string): void {
  if (schemaName.test(schema)) return;
  throw new SojournError(
    "invalid_option",
    `schema is ${JSON.stringify(schema)}. Give a name of up to 40 small letters, digits and "_" that does not begin with a digit.`,
  );
}

/**
 * Brings the tables to what this release works with, or finds out that they are. Any number of processes may do so at the same moment. Each step is one
 * transaction, done once; what older releases do goes on working while it is done, unless the release's notes say otherwise.
 *
 * A store does this before its first call. An operator who does not want its role to own tables calls this with another role, and opens stores with `migrate: false`.
 *
 * @throws {SojournError} `invalid_option` when a newer release has been here, or the schema or the server cannot be used; `store_unavailable` when the server fails
 */
export async function migratePostgres(client: PostgresClient, { schema = "sojourn", migrate = true }: MigrateOptions = {}): Promise<void> {
  checkSchemaName(schema);
  const version = await versionOf(client, schema);
  if (version > newest) throw tooNew(schema, version);
  if (version === newest) return;
  if (!migrate) {
    throw new SojournError(
      "invalid_option",
      `The schema "${schema}" is at version ${version} and this release needs ${newest}. Call migratePostgres with a role that may, or let the store do it (migrate: true).`,
    );
  }
  for (const step of migrations) {
    if (step.version <= version) continue;
    try {
      await client.script(scriptOf(schema, step.version, step.sql(schema)));
    } catch (error) {
      // Another process was faster.
      if (stateOf(error) !== "SJ009") throw error;
    }
  }
  const reached = await versionOf(client, schema);
  if (reached > newest) throw tooNew(schema, reached);
}

function tooNew(schema: string, version: number): SojournError {
  return new SojournError(
    "invalid_option",
    `The schema "${schema}" is at version ${version}, which a newer release made; this one knows ${newest}. Upgrade this process, or give it another schema.`,
  );
}

/** 0: there is nothing of ours. */
async function versionOf(client: PostgresClient, schema: string): Promise<number> {
  const [server] = await client.query(
    {
      name: "sojourn:server",
      text: `select current_setting('server_version_num') as release, current_setting('server_encoding') as encoding, pg_is_in_recovery()::text as standby,
        to_regclass($1 || '.schema_version')::text as versions`,
    },
    [schema],
  );
  if (Number(server?.["release"]) < 130_000) throw new SojournError("invalid_option", "The server is older than PostgreSQL 13. Upgrade it.");
  if (server?.["encoding"] !== "UTF8") {
    throw new SojournError(
      "invalid_option",
      `The database keeps text as ${server?.["encoding"]}. Make one with encoding UTF8, or the texts of sessions could not be kept.`,
    );
  }
  // What a standby gives may be older than what was acknowledged.
  if (server["standby"] === "true") throw storeUnavailable("this server is a standby; connect to the primary (target_session_attrs=read-write)");
  if (server["versions"] === null) return 0;
  const [row] = await client.query(
    { name: `sojourn:version:${schema}`, text: `select coalesce(max(version), 0)::text as version from ${schema}.schema_version` },
    [],
  );
  return Number(row?.["version"]);
}

/** Statements that are sent together are one transaction; the lock is given back at its end. */
function scriptOf(schema: string, version: number, sql: string): string {
  return `
select pg_advisory_xact_lock(hashtextextended('${schema} migrations', 0));
do $check$ begin
  if not exists (select from pg_namespace where nspname = '${schema}') then create schema ${schema}; end if;
  create table if not exists ${schema}.schema_version (version int4 primary key, at timestamptz not null default now());
  if exists (select from ${schema}.schema_version where version >= ${version}) then
    raise exception 'step ${version} is done' using errcode = 'SJ009';
  end if;
end $check$;
${sql}
insert into ${schema}.schema_version (version) values (${version});
`;
}
