import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { nodeServer } from "./node-sojourn.mjs";

/**
 * node:http and LMDB: an answer leaves when its change is visible to every process and safe from kill -9.
 * @param {{ folder: string }} setting
 */
export function nodeLmdb({ folder }) {
  return nodeServer(lmdbStore(openLmdb(open, folder), { durability: "committed" }));
}
