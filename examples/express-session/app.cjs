const { randomBytes, scryptSync, timingSafeEqual } = require("node:crypto");
const express = require("express");
const flash = require("connect-flash");
const passport = require("passport");
const { Strategy } = require("passport-local");

// The one line. With express-session it is: const session = require("express-session");
const session = require(process.env.SESSION ?? "sojourn/express-session");

const salt = randomBytes(16);
const users = [{ id: "1", name: "ada", hash: scryptSync("lovelace", salt, 32) }];

passport.use(
  new Strategy((name, password, done) => {
    const user = users.find((each) => each.name === name);
    if (user === undefined || !timingSafeEqual(user.hash, scryptSync(password, salt, 32))) {
      return done(null, false, { message: "Incorrect name or password." });
    }
    return done(null, user);
  }),
);
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => done(null, users.find((user) => user.id === id) ?? false));

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: process.env.SECRET ?? "keyboard cat", resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000, sameSite: "lax" } }));
app.use(flash());
app.use(passport.session());

app.get("/", (req, res) => {
  const messages = req.flash("info").concat(req.flash("error"));
  const visits = (req.session.visits = (req.session.visits ?? 0) + 1);
  res.json({ user: req.user?.name ?? null, visits, messages });
});
app.get("/login", (req, res) => {
  res.send('<form method="post"><input name="username"><input name="password" type="password"><button>Log in</button></form>');
});
app.post("/login", passport.authenticate("local", { failureRedirect: "/", failureFlash: true }), (req, res) => {
  req.flash("info", `Welcome, ${req.user.name}.`);
  res.redirect("/");
});
app.post("/logout", (req, res, next) => {
  req.logout((error) => {
    if (error) return next(error);
    req.flash("info", "Goodbye.");
    res.redirect("/");
  });
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once("SIGTERM", () => server.close(() => process.exit(0)));
