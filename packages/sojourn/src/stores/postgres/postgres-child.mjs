// A process of its own for postgres.test.ts. Does what it is asked; url, schema and client are its arguments.
import pg from "pg";
import postgres from "postgres";
import { fromPg, fromPostgresJs, postgresStore } from "sojourn/stores/postgres";
import { runStoreJob } from "sojourn/testing";
import { answering } from "../answering.mjs";

const [url, schema, driver] = process.argv.slice(2);
const client =
  driver === "postgres" ? fromPostgresJs(postgres(url, { max: 4, onnotice: () => undefined })) : fromPg(new pg.Pool({ connectionString: url, max: 4 }));
const store = postgresStore(client, { schema });

answering({ job: ({ job, params }) => runStoreJob(store, job, params) });
