// Ends all sessions of somebody but the one that was seen last, and waits until the server has told of each ending: node end-others.js SUBJECT
import { sojournClient, SojournProblem } from "@sojourn/client";

const { SOJOURN = "http://localhost:7300", KEY = "" } = process.env;
const subject = process.argv[2];
if (subject === undefined) {
  console.error("Say whose sessions: node end-others.js SUBJECT");
  process.exit(2);
}

const sojourn = sojournClient({ address: SOJOURN, key: KEY });

// Whoever listens before anything is done misses nothing of it.
const enough = new AbortController();
const { promise: listening, resolve: opened } = resolvable();
const events = sojourn.events({}, { signal: enough.signal, opened })[Symbol.asyncIterator]();
let next = events.next();
await Promise.race([listening, next]);

const [last, ...others] = (await sessionsOf(subject)).toSorted((a, b) => b.seen - a.seen);
console.log(last === undefined ? `${subject} has no session.` : `${last.id} stays.`);
const waited = new Set();
for (const { id } of others) if (await ended(id)) waited.add(id);

for (; waited.size > 0; next = events.next()) {
  const { value, done } = await next;
  if (done === true) break;
  if (value.type === "ended" && waited.delete(value.id)) console.log(`${value.id} ended: ${value.ended?.reason} by ${value.ended?.by}`);
}
enough.abort();

/** All live ones, page by page. @param {string} whose */
async function sessionsOf(whose) {
  const found = [];
  let page = await sojourn.listSessions({ subject: whose });
  for (found.push(...page.sessions); page.next !== undefined; found.push(...page.sessions))
    page = await sojourn.listSessions({ subject: whose, after: page.next });
  return found;
}

/** Whether this call did it. @param {string} id */
async function ended(id) {
  try {
    await sojourn.revokeSession({ id });
    return true;
  } catch (error) {
    // It ended by itself meanwhile.
    if (error instanceof SojournProblem && error.code === "session_missing") return false;
    throw error;
  }
}

function resolvable() {
  /** @type {() => void} */
  let resolve = () => undefined;
  const promise = /** @type {Promise<void>} */ (new Promise((given) => (resolve = given)));
  return { promise, resolve: () => resolve() };
}
