// A process of its own for mariadb.test.ts. Does what it is asked; the pool's address is its argument.
import mysql from "mysql2";
import { fromMysql2, mariadbStore } from "sojourn/stores/mariadb";
import { runStoreJob } from "sojourn/testing";
import { answering } from "../answering.mjs";

const store = mariadbStore(fromMysql2(mysql.createPool({ uri: process.argv[2], connectionLimit: 8 })));

answering({ job: ({ job, params }) => runStoreJob(store, job, params) });
