import { Gauge, type Registry } from "prom-client";
import { SojournError, type CountableStore } from "sojourn";
import type { Instrument } from "sojourn/otel";
import { inTime } from "../stores/in-time.ts";
import { labelName, prometheusName } from "./prometheus-names.ts";

/** How many sessions have not ended, by kind. */
export const liveSessions: Instrument = {
  name: "sojourn.sessions.live",
  description: "Sessions on the store that have not ended, of tenant main. Some may be over that no sweep has come by yet.",
  unit: "{session}",
  attributes: ["sojourn.kind", "sojourn.tenant"],
};

/** ms for which a count is good, and which the store has for it. */
const lasts = 5_000;
const patience = 2_000;

/** The tenant whose sessions are counted: of the others there may be any number. */
const tenant = "main";

/** Asks the store when the metrics are read. While it does not answer there is no number, which is not the same as 0. */
export function gaugeLiveSessions(registry: Registry, store: CountableStore, kinds: readonly string[], now: () => number = Date.now): void {
  let good = -Infinity;
  const late = (): Error => new SojournError("store_unavailable", `The session store did not count within ${patience} ms.`);
  const gauge = new Gauge({
    name: prometheusName(liveSessions.name, liveSessions.unit, "gauge"),
    help: liveSessions.description,
    labelNames: liveSessions.attributes.map(labelName),
    registers: [],
    async collect() {
      if (now() < good) return;
      good = now() + lasts;
      // A kind in the store carries its tenant.
      const counts = await Promise.allSettled(kinds.map(async (kind) => inTime(store.count({ kind: `${tenant}:${kind}` }), patience, late)));
      this.reset();
      for (const [i, counted] of counts.entries()) {
        if (counted.status === "fulfilled") this.set({ sojourn_kind: String(kinds[i]), sojourn_tenant: tenant }, counted.value);
      }
    },
  });
  registry.registerMetric(gauge);
}
