import { memoryStore } from "sojourn/stores/memory";
import { nodeServer } from "./node-sojourn.mjs";

/** node:http and the memory store. */
export function nodeMemory() {
  return nodeServer(memoryStore());
}
