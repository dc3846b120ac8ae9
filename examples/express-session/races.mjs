// Three races that applications on express-session have, run on express-session and on Sojourn's drop-in. Prints a table.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import expressSession from "express-session";
import sojournSession from "sojourn/express-session";
import { memoryStore } from "sojourn/stores/memory";

/** express-session's own store at the other end of a wire: each call takes 20 ms, a write 60. */
function wireStore() {
  const store = new expressSession.MemoryStore();
  for (const verb of ["get", "set", "destroy", "touch"]) {
    const call = store[verb].bind(store);
    store[verb] = (...args) => void setTimeout(() => call(...args), verb === "set" ? 60 : 20);
  }
  return store;
}

const columns = {
  "express-session": () => expressSession(options(wireStore())),
  "sojourn, the same store": () => sojournSession(options(wireStore())),
  "sojourn, a Sojourn store": () => sojournSession(options(memoryStore())),
};

function options(store) {
  return { secret: "keyboard cat", resave: false, saveUninitialized: false, store };
}

/** An application on one of them, and a visitor with a cookie jar. */
async function visit(middleware) {
  const app = express();
  app.use(middleware);
  app.get("/login", (req, res) => {
    req.session.user = "ada";
    res.end();
  });
  // Reads its session, works for a while, and puts something into it.
  app.get("/slow/:name/:ms", async (req, res) => {
    await sleep(Number(req.params.ms));
    req.session[req.params.name] = true;
    res.end();
  });
  app.get("/logout", (req, res) => req.session.destroy(() => res.end()));
  app.get("/save-and-redirect", (req, res) => {
    req.session.saved = true;
    res.redirect("/read");
  });
  app.get("/read", (req, res) => res.json(Object.assign({}, req.session, { cookie: undefined })));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  let cookie = "";
  return {
    async get(path) {
      const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { redirect: "manual", headers: { cookie } });
      cookie ||= answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      return answer;
    },
    close: () => (server.closeAllConnections(), server.close()),
  };
}

const races = {
  async "two requests at once, each sets its own property"({ get }) {
    await get("/login");
    await Promise.all([get("/slow/a/50"), get("/slow/b/200")].map(async (answer) => (await answer).text()));
    const { a, b } = await (await get("/read")).json();
    return a && b ? "both are there" : "one is lost";
  },
  async "log-out while a slow request is under way"({ get }) {
    await get("/login");
    const slow = get("/slow/a/300");
    await sleep(100);
    await (await get("/logout")).text();
    await (await slow).text();
    const { user } = await (await get("/read")).json();
    return user === undefined ? "logged out" : "logged in again";
  },
  async "a redirect, followed at once"({ get }) {
    await get("/login");
    // As a browser does: as soon as the head is there.
    const redirect = await get("/save-and-redirect");
    const { saved } = await (await get(redirect.headers.get("location"))).json();
    return saved ? "the page sees it" : "the page does not see it";
  },
};

const rows = [["", ...Object.keys(columns)]];
for (const [name, race] of Object.entries(races)) {
  const row = [name];
  for (const middleware of Object.values(columns)) {
    const visitor = await visit(middleware());
    row.push(await race(visitor));
    visitor.close();
  }
  rows.push(row);
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
console.log([line(rows[0]), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.slice(1).map(line)].join("\n"));
