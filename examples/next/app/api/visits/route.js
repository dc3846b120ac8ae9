import { web } from "../../../sessions.js";

export const GET = web.route(async (request) => {
  const session = await web.session(request);
  return Response.json({ user: session.subject ?? null, visits: session.get("visits") ?? 0 });
});

export const POST = web.route(async (request) => {
  const session = await web.session(request);
  return Response.json({ visits: await session.update("visits", (visits = 0) => visits + 1) });
});
