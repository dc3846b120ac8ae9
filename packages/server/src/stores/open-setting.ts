import type { Store } from "sojourn";
import { migrating } from "sojourn/stores/migrating";
import { StartFailure } from "../start-failure.ts";
import { openAddress } from "./open-address.ts";
import type { OpenedStore } from "./opened-store.ts";
import type { StoreAddress } from "./store-address.ts";

/** Where sessions rest, as a server was told. */
export interface StoreSetting {
  readonly store: StoreAddress;
  /** From where they are being moved there. */
  readonly migratingFrom: StoreAddress | undefined;
  /** `"old"`: follows what has moved, and moves nothing itself. */
  readonly migratingPhase: "old" | "both";
}

/** Two stores that are in use together. */
export interface OpenedHouses {
  readonly from: Store;
  readonly to: Store;
  close(): Promise<void>;
}

/** Opens the store of the settings; while sessions are moved, the two of them as one. @throws {StartFailure} one line that names the setting and the fix */
export async function openSetting({ store: address, migratingFrom, migratingPhase }: StoreSetting): Promise<OpenedStore> {
  if (migratingFrom === undefined) return openAddress(address);
  const houses = await openHouses(migratingFrom, address);
  const store = migrating(houses, { phase: migratingPhase });
  return {
    store,
    async close() {
      await store.close();
      await houses.close();
    },
  };
}

/** Opens two stores. @throws {StartFailure} also when they are one and the same */
export async function openHouses(from: StoreAddress, to: StoreAddress): Promise<OpenedHouses> {
  if (from.shown === to.shown && JSON.stringify(from) === JSON.stringify({ ...to, setting: from.setting }))
    throw new StartFailure(
      `${from.setting ?? "The old store"} and ${to.setting ?? "the new one"} name the same store, ${to.shown}. Give the one that sessions leave, and the one that they move to.`,
    );
  const here = await openAddress(from);
  try {
    const there = await openAddress(to);
    return {
      from: keptOpen(here.store),
      to: keptOpen(there.store),
      async close() {
        await there.close();
        await here.close();
      },
    };
  } catch (error) {
    await here.close();
    throw error;
  }
}

/** A store that whoever uses it does not close: whoever opened it does. Its powers stay. */
function keptOpen(store: Store): Store {
  return { ...store, close: () => undefined };
}
