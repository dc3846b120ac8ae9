import { type Api, type Route, route } from "./route.ts";

/** Judges the configuration, by the keys that whoever asks may know of. What it takes is loaded when it is asked for. */
export function doctor({ settings, store, keys }: Api): Route {
  return route("doctor", async (ask) => {
    const [{ examine }, { gather }] = await Promise.all([import("../doctor/examine.ts"), import("../doctor/gather.ts")]);
    const known = await keys.list(ask.var.caller.tenant);
    const facts = await gather(settings, { store, reachable: true, keys: known });
    return { findings: [...examine(settings, facts)] };
  });
}
