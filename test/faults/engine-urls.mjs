// Where the engines are, as the rig's processes hear it from whoever started them.

/** @typedef {import("./types.ts").EngineName | "nats cluster"} EngineName */

const variable = (/** @type {EngineName} */ name) => `SOJOURN_RIG_${name.replaceAll(" ", "_").toUpperCase()}`;

/** @param {EngineName} name @param {readonly string[]} urls */
export function tellUrls(name, urls) {
  process.env[variable(name)] = JSON.stringify(urls);
}

/** @param {EngineName} name @returns {readonly string[]} */
export function urlsOf(name) {
  const text = process.env[variable(name)];
  if (text === undefined) throw new Error(`The engine "${name}" has not been started.`);
  return JSON.parse(text);
}
