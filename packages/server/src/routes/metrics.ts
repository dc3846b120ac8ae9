import { metricsType } from "../metrics/metrics.ts";
import { Problem } from "../problem.ts";
import { type Api, type Route, route } from "./route.ts";

/** They are of all tenants together, which only those of the house may see. */
export function metrics({ metrics: text }: Api): Route {
  return route("metrics", async (ask) => {
    const { tenant } = ask.var.caller;
    if (tenant !== "main")
      throw new Problem(403, "forbidden", `The metrics are of all tenants together, and this key is of tenant ${tenant}. Use one of tenant main.`);
    return new Response(await text(), { headers: { "Content-Type": metricsType } });
  });
}
