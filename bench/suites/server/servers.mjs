import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onCore } from "../../lib/children.mjs";

const programs = {
  bare: fileURLToPath(new URL("bare.mjs", import.meta.url)),
  sojournd: fileURLToPath(new URL("../../../packages/server/bin/sojournd.js", import.meta.url)),
};

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} address
 * @property {number} pid
 * @property {string} key an application key that it heeds.
 * @property {() => void} stop
 */

/**
 * Starts one of them on the first core.
 * @param {keyof typeof programs} name
 * @param {string} folder of the store.
 * @returns {Promise<Server>}
 */
export async function started(name, folder) {
  const key = `sjk_${randomBytes(32).toString("base64url")}`;
  const args = name === "bare" ? [] : ["serve", "--port", "0", "--data", folder];
  const env = { ...process.env, NODE_ENV: "production", SOJOURN_KEY: key };
  const child = onCore(0, [process.execPath, programs[name], ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const { stdout, pid } = child;
  if (stdout === null || pid === undefined) throw new Error(`${name} did not start.`);
  const address = await new Promise((resolve, reject) => {
    // All of its lines are read: a full pipe would stop it.
    createInterface({ input: stdout }).on("line", (line) => {
      const said = line.includes('"address"') ? /** @type {{ address?: string }} */ (JSON.parse(line)) : {};
      if (said.address !== undefined) resolve(said.address);
    });
    child.once("close", (code) => reject(new Error(`${name} ended with ${code} before it listened.`)));
  });
  return { name, address, pid, key, stop: () => void child.kill("SIGTERM") };
}
