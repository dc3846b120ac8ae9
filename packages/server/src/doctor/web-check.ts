import { createSessions, type Sessions } from "sojourn";
import { cookie, readCookie } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import { memoryStore } from "sojourn/stores/memory";
import type { Check, WebMechanism } from "./mechanism.ts";

const name = "__Host-Http-session";
const url = "https://shop.example/";

/** What web adapters do whatever the settings are. */
export const webChecks: Readonly<Record<WebMechanism, Check>> = {
  "other sites' requests change nothing": async () => {
    const { ask } = await trial();
    const own = await ask("POST", { "Sec-Fetch-Site": "same-origin" });
    const foreign = [{ "Sec-Fetch-Site": "cross-site" }, { "Sec-Fetch-Site": "same-site" }, { Origin: "https://evil.example" }, { Origin: "null" }];
    const answers = await Promise.all(foreign.map((headers) => ask("POST", headers)));
    return own.status === 200 && answers.every(({ status }) => status === 403);
  },
  "no shared cache keeps an answer with a session": async () => {
    const { ask } = await trial();
    const kept = (await ask("GET", {})).headers.get("cache-control") ?? "";
    return /no-store|private/.test(kept);
  },
  "a token counts in its own place alone": async () => {
    const { ask, token } = await trial();
    const bare = { Cookie: "" };
    const elsewhere = [
      await ask("GET", bare, `?session=${token}&token=${token}`),
      await ask("GET", { ...bare, "Sojourn-Session": token, Authorization: `Bearer ${token}` }),
    ];
    const subjects = await Promise.all([await ask("GET", {}), ...elsewhere].map((answer) => answer.text()));
    return subjects.join() === "ada,,";
  },
  "cookies are read by their exact name": async () => {
    const read = (header: string): string | undefined => readCookie(header, `${name}=`);
    const none = [`\u00a0${name}=x`, `__host-http-session=x`, `a${name}=x`, `=${name}=x`, name, `__proto__=x`, `a="; ${name}x=y"`];
    return read(`a=b; ${name}=x; c=d`) === "x" && none.every((header) => read(header) !== "x");
  },
  "only a request that begins, changes or ends a session sets a cookie": async () => {
    const { ask, sessions, id } = await trial();
    const idle = await ask("GET", {});
    await sessions.end({ id });
    const late = await ask("GET", {});
    return !idle.headers.has("set-cookie") && !late.headers.has("set-cookie");
  },
};

interface Trial {
  readonly sessions: Sessions<Record<string, unknown>>;
  readonly id: string;
  readonly token: string;
  /** A request with ada's cookie, unless another is given; the answer is who asks. */
  ask(method: string, headers: Readonly<Record<string, string>>, query?: string): Promise<Response>;
}

async function trial(): Promise<Trial> {
  const sessions = createSessions({ store: memoryStore() });
  const { id = "", token = "" } = await sessions.create({ subject: "ada" });
  const web = fetchSessions(sessions, { carriers: [cookie()], onFailure: () => undefined });
  const handle = web.handle(async (request) => new Response((await web.session(request)).subject ?? ""));
  return {
    sessions,
    id,
    token,
    ask: async (method, headers, query = "") => handle(new Request(url + query, { method, headers: { Cookie: `${name}=${token}`, ...headers } })),
  };
}
