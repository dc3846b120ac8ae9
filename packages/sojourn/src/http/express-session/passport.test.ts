import flash from "connect-flash";
import express, { type Request, type RequestHandler } from "express";
import original from "express-session";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { afterEach, describe, expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { session, type SessionOptions } from "./express-session.ts";
import { site, type Visitor } from "./visitor.fixture.ts";

const here = site();
afterEach(() => here.close());

const users = [
  { id: "1", name: "ada", password: "lovelace" },
  { id: "2", name: "bob", password: "builder" },
];

/** The application of passport's tutorial: log-in by password, messages, redirects. */
function tutorial(sessionMiddleware: RequestHandler): express.Express {
  const passport = new Passport();
  passport.use(
    new Strategy((name, password, done) => {
      const user = users.find((each) => each.name === name);
      if (user?.password !== password) return done(null, false, { message: "Incorrect name or password." });
      return done(null, user);
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
  passport.deserializeUser((id, done) => done(null, users.find((each) => each.id === id) ?? false));
  const app = express();
  app.use(express.urlencoded({ extended: false }), sessionMiddleware, flash(), passport.session() as RequestHandler);
  app.get(
    "/",
    (req: Request, res) =>
      void res.json({
        user: (req.user as { name: string } | undefined)?.name ?? null,
        flash: req.flash(),
        cart: (req.session as never as { cart?: string[] }).cart,
      }),
  );
  app.post("/cart", (req, res) => {
    const data = req.session as never as { cart?: string[] };
    (data.cart ??= []).push((req.body as { sku: string }).sku);
    req.flash("info", "Added.");
    res.redirect("/");
  });
  app.post(
    "/login",
    passport.authenticate("local", {
      successRedirect: "/",
      failureRedirect: "/",
      failureFlash: true,
      successFlash: "Welcome.",
      keepSessionInfo: true,
    }) as RequestHandler,
  );
  app.post("/logout", (req, res, next) => req.logout((error) => (error === undefined || error === null ? res.redirect("/") : next(error))));
  return app;
}

const options: SessionOptions = { secret: "keyboard cat", resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000 } };
const homes: Record<string, () => RequestHandler> = {
  "express-session": () => original({ ...(options as original.SessionOptions) }),
  "ours, with express-session's store": () => session(options),
  "ours, on a Sojourn store": () => session({ ...options, store: delayed(memoryStore()) }),
  "ours, with its defaults": () => session({ secret: "x" }),
};

describe.each(Object.entries(homes))("passport and connect-flash on %s", (_name, home) => {
  /** Asks, and follows the redirect as a browser does. */
  const follow = async (visitor: Visitor, path: string, form?: Record<string, string>): Promise<unknown> => {
    const answer = form === undefined ? await visitor.get(path) : await visitor.post(path, form);
    return answer.status === 302 ? follow(visitor, answer.headers.location as string) : (JSON.parse(answer.body) as unknown);
  };

  it("a visitor's way through the tutorial", async () => {
    const visitor = (await here.listen(tutorial(home()))).visitor();
    expect(await follow(visitor, "/")).toEqual({ user: null, flash: {} });
    expect(await follow(visitor, "/cart", { sku: "tea" })).toEqual({ user: null, flash: { info: ["Added."] }, cart: ["tea"] });
    expect(await follow(visitor, "/")).toMatchObject({ flash: {} });
    expect(await follow(visitor, "/login", { username: "ada", password: "wrong" })).toMatchObject({
      user: null,
      flash: { error: ["Incorrect name or password."] },
    });
    const before = visitor.jar;
    expect(await follow(visitor, "/login", { username: "ada", password: "lovelace" })).toMatchObject({
      user: "ada",
      cart: ["tea"],
      flash: { success: ["Welcome."] },
    });
    // A new session, and the old one is gone: whoever planted it has nothing.
    expect(visitor.jar).not.toBe(before);
    const planted = (await here.listen(tutorial(home()))).visitor();
    planted.jar = before;
    expect(await follow(planted, "/")).toMatchObject({ user: null });
    const loggedIn = visitor.jar;
    expect(await follow(visitor, "/logout", {})).toMatchObject({ user: null });
    visitor.jar = loggedIn;
    expect(await follow(visitor, "/")).toEqual({ user: null, flash: {} });
  });

  it("two log-outs at the same moment both succeed", async () => {
    const visitor = (await here.listen(tutorial(home()))).visitor();
    await follow(visitor, "/login", { username: "ada", password: "lovelace" });
    const answers = await Promise.all([visitor.post("/logout"), visitor.post("/logout")]);
    expect(answers.map(({ status }) => status)).toEqual([302, 302]);
  });
});
