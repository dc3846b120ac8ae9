// Three nodes on one store: n1, n2 and n3 on the ports 3001, 3002 and 3003. The others go on when one of them ends.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const app = fileURLToPath(new URL("app.js", import.meta.url));
for (const number of [1, 2, 3]) {
  const child = spawn(process.execPath, [app], { env: { ...process.env, NODE: `n${number}`, PORT: String(3000 + number) }, stdio: "inherit" });
  child.once("exit", (code, signal) => console.log(`n${number} has ended (${signal ?? code})`));
}
