// The one page of code that a site behind forward auth needs: it checks the password, and has the session begun.
import { createServer } from "node:http";
import { sojournClient, SojournProblem } from "@sojourn/client";

const { SOJOURN = "http://localhost:7300", KEY = "", PORT = "3000" } = process.env;
const sojourn = sojournClient({ address: SOJOURN, key: KEY });

const name = "__Host-Http-session";
const attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
const page = `<!doctype html><meta charset="utf-8"><title>Log in</title>
<form method="post"><input name="user" autocomplete="username"><input name="password" type="password" autocomplete="current-password"><button>Log in</button></form>`;

// Your own list of people, and your own way to keep what proves who they are.
const passwords = new Map([["ada", "tea"]]);

const server = createServer((request, response) => {
  answer(request, response).catch((/** @type {unknown} */ error) => {
    console.error(error);
    response.writeHead(503).end("Not now. Please try again.");
  });
});

/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
async function answer(request, response) {
  // Another site's page must neither log anybody in nor out.
  const from = request.headers["sec-fetch-site"];
  const own = from === undefined || from === "same-origin" || from === "none";
  if (request.method === "GET" && request.url === "/login") response.writeHead(200, { "Content-Type": "text/html" }).end(page);
  else if (request.method !== "POST") response.writeHead(404).end();
  else if (!own) response.writeHead(403).end();
  else if (request.url === "/login") await logIn(request, response);
  else if (request.url === "/logout") await logOut(request, response);
  else response.writeHead(404).end();
}

/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
async function logIn(request, response) {
  const form = new URLSearchParams(await textOf(request));
  const user = form.get("user") ?? "";
  const password = passwords.get(user);
  if (password === undefined || password !== form.get("password")) return void response.writeHead(403, { "Content-Type": "text/html" }).end(page);
  const { token } = await sojourn.createSession({ kind: "web", subject: user });
  response.writeHead(303, { Location: "/", "Set-Cookie": `${name}=${token}; ${attributes}`, "Cache-Control": "no-store" }).end();
}

/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
async function logOut(request, response) {
  const token = new RegExp(`(?:^|; *)${name}=([^;]*)`).exec(request.headers.cookie ?? "")?.[1];
  try {
    if (token !== undefined) await sojourn.endSession({ token });
  } catch (error) {
    // It was over already. Anything else is no log-out, and nobody is to believe that it was one.
    if (!(error instanceof SojournProblem) || error.status !== 401) throw error;
  }
  response.writeHead(303, { Location: "/login", "Set-Cookie": `${name}=; ${attributes}; Max-Age=0`, "Cache-Control": "no-store" }).end();
}

/** @param {import("node:http").IncomingMessage} request */
async function textOf(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) if ((text += chunk).length > 10_000) throw new Error("The form is too long.");
  return text;
}

server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`The log-in listens on port ${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`),
);
