import type { HttpHarness } from "../../testing/http-contract-harness.ts";
import { at, optionsOf, responseOf, routeFor, servingFetch } from "../harness.fixture.ts";
import { fetchSessions } from "./fetch.ts";

/** {@link fetchSessions} under the contract. */
export const fetchHarness: HttpHarness = {
  start(site) {
    const webs = site.doors.map((door) => fetchSessions(door.sessions, optionsOf(door)));
    const handler = async (request: Request): Promise<Response> => {
      const route = routeFor(site, request.method, new URL(request.url).pathname);
      return responseOf((await route?.((door) => at(webs, door).session(request))) ?? { status: 404 });
    };
    return servingFetch(webs.reduce((inner, web) => web.handle(inner), handler));
  },
};
