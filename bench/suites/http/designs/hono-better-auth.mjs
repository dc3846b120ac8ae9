import { memoryAdapter } from "better-auth/adapters/memory";
import { betterAuth } from "better-auth";
import { Hono } from "hono";
import { sessionCount, userOf } from "../../../lib/payload.mjs";
import { serverOf } from "./hono-server.mjs";

/** The peer: better-auth with its memory adapter. It keeps users and not data, so what is read and changed is a field of the user. */
export async function honoWithBetterAuth() {
  let views = 0;
  const auth = betterAuth({
    baseURL: "http://127.0.0.1",
    secret: "a secret of the bench, which guards nothing at all",
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    // Hashing 1,000 passwords is none of what is measured.
    emailAndPassword: { enabled: true, password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password } },
    user: { additionalFields: { views: { type: "number", required: false, defaultValue: 0 } } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  });
  const cookies = [];
  for (let client = 0; client < sessionCount; client++) {
    const body = { name: userOf(client), email: `client${client}@example.com`, password: "correct horse battery" };
    const { headers } = await auth.api.signUpEmail({ body, asResponse: true });
    cookies.push(headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";"))).join("; ")); // prettier-ignore
  }
  const app = new Hono();
  app.get("/r", async (context) => context.json({ user: (await auth.api.getSession({ headers: context.req.raw.headers }))?.user.name }));
  app.get("/w", async (context) => {
    const { headers } = context.req.raw;
    const session = await auth.api.getSession({ headers });
    await auth.api.updateUser({ headers, body: { views: ++views } });
    return context.json({ user: session?.user.name });
  });
  app.get("/n", async (context) => context.json({ user: "nobody" }));
  app.get("/check", async (context) => {
    const session = await auth.api.getSession({ headers: context.req.raw.headers });
    return context.json({ user: session?.user.name, views: session?.user.views });
  });
  return { server: serverOf(app), cookies };
}
