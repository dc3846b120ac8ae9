import { fileStore } from "sojourn/stores/file";
import { makeDataFolder } from "../data-folder.ts";
import type { OpenedStore } from "./opened-store.ts";
import type { FolderAddress } from "./store-address.ts";

/** The store in a folder, which others may have mounted. @throws {StartFailure} one line that names the setting and the fix */
export async function openFile({ path, setting }: FolderAddress): Promise<OpenedStore> {
  makeDataFolder(path, setting);
  const store = fileStore(path);
  return { store, close: async () => store.close() };
}
