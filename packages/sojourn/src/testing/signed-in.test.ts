import { expect, test } from "vitest";
import { createSessions, type Sessions } from "../core/sessions.ts";
import { bearer, cookie, header as ownHeader, type Carrier } from "../http/carriers.ts";
import { fetchSessions } from "../http/fetch/fetch.ts";
import { urlParameter } from "../http/parameters.ts";
import { newKey, sealedSessions } from "../sealed/sealed.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { signedIn } from "./signed-in.ts";

interface Data {
  cart: string[];
}
const open = (): Sessions<Data> => createSessions<Data>({ store: memoryStore(), limit: { perSubject: 2 } });
/** A carrier of somebody else's: the token as it is. */
const plain: Carrier = { header: "x-session", read: (value) => value };

test.each<[string, readonly Carrier[], RegExp]>([
  ["cookie", [bearer(), cookie()], /^__Host-Http-session=\w{26}\.[\w-]{32}$/],
  ["authorization", [bearer({ realm: "shop" })], /^Bearer \w{26}\.[\w-]{32}$/],
  ["x-own", [urlParameter({ name: "sid" }), ownHeader({ name: "x-own" })].toReversed(), /^\w{26}\.[\w-]{32}$/],
  ["x-session", [plain], /^\w{26}\.[\w-]{32}$/],
])("the header %s is what the adapter takes", async (header, carriers, value) => {
  const web = fetchSessions(open(), { carriers });
  const ada = await signedIn(web, "ada", { data: { cart: ["apple"] }, methods: ["pwd", "otp"], levels: ["admin"], client: { agent: "test" } });
  expect(ada.headers).toEqual({ [header]: expect.stringMatching(value) as unknown });
  const handle = web.handle(async (request) => {
    const { id, subject, methods, levels, data } = await web.session(request);
    return Response.json({ id, subject, methods, levels, data });
  });
  const answer = await handle(new Request("https://shop.example/", { headers: ada.headers }));
  expect(await answer.json()).toEqual({ id: ada.id, subject: "ada", methods: ["pwd", "otp"], levels: ["admin"], data: { cart: ["apple"] } });
});

test.each([
  ["cookie", [cookie()]],
  ["authorization", [bearer()]],
] as const)("a sealed session is taken from the header %s as well, be it over several cookies", async (header, carriers) => {
  const web = fetchSessions(sealedSessions<Data>({ keys: [newKey()] }), { carriers });
  const cart = Array.from({ length: 400 }, (_, i) => `apple ${i}`);
  const ada = await signedIn(web, "ada", { data: { cart } });
  expect(ada.headers[header]?.length).toBeGreaterThan(5_000);
  const handle = web.handle(async (request) => Response.json((await web.session(request)).data));
  expect(await (await handle(new Request("https://shop.example/", { headers: ada.headers }))).json()).toEqual({ cart });
});

test("it is a log-in like any other: limits hold, lifetimes can be given, and the token resumes", async () => {
  const manager = open();
  const web = { manager, carriers: [cookie()] };
  const ada = await signedIn(web, "ada", { idle: "1m", absolute: "2m", client: { address: "192.0.2.1" } });
  const session = await manager.resume(ada.token);
  expect(Number(session?.expiresAt) - Number(session?.created)).toBeLessThanOrEqual(60_000);
  expect(await manager.info(ada)).toMatchObject({ subject: "ada", address: "192.0.2.1" });
  await signedIn(web, "ada");
  await expect(signedIn(web, "ada")).rejects.toMatchObject({ code: "limit_reached" });
});

test("a carrier into which no token can be put is refused by name", async () => {
  const sealed: Carrier = { header: "x-sealed", read: () => undefined };
  await expect(signedIn({ manager: open(), carriers: [sealed] }, "ada")).rejects.toThrow("Build the headers from the token");
  await expect(signedIn({ manager: open(), carriers: [urlParameter({ name: "sid" })] }, "ada")).rejects.toThrow("or the URL");
});
