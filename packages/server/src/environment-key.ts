import { createHash, timingSafeEqual } from "node:crypto";
import { isKey, type ApplicationKey, type Keys } from "./keys.ts";
import { StartFailure } from "./start-failure.ts";

/** Characters after the prefix that a key needs where strangers may guess. */
const least = 32;

/**
 * The stored keys, and one from the environment for as long as this process runs. Its hash stays in memory: taken out of the environment, it is void.
 * @throws {StartFailure} when it is no key, or could be guessed
 */
export function environmentKey(stored: Keys, given: string): Keys {
  if (!isKey(given, least))
    throw new StartFailure(
      `SOJOURN_KEY is no application key. It is "sjk_" and at least ${least} random letters, digits, "-" and "_"; "sojournd keys new" makes one.`,
    );
  const hash = createHash("sha256").update(given).digest();
  const key: ApplicationKey = { id: "environment", name: "SOJOURN_KEY", role: "app", tenant: "main", created: Date.now() };
  return {
    ...stored,
    check(presented) {
      const same = timingSafeEqual(createHash("sha256").update(presented).digest(), hash);
      return same ? Promise.resolve(key) : stored.check(presented);
    },
    find: (id) => (id === key.id ? Promise.resolve(key) : stored.find(id)),
  };
}
