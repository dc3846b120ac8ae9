import { Problem } from "./problem.ts";

/** Two levels for the request itself, and what a field may hold. */
const depthBound = 66;

/** Refuses a text whose brackets nest too deep, before anything recursive looks at it. @throws {Problem} 400 */
export function checkDepth(json: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > depthBound) throw new Problem(400, "invalid_request", `The body nests more than ${depthBound} deep. Keep data flat.`);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

/** Refuses `__proto__` as a key anywhere: copied carelessly it changes other objects. @throws {Problem} 400, naming the path */
export function checkKeys(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    if (key === "__proto__") throw new Problem(400, "invalid_request", `${at} is a key that can change other objects. Leave it out.`, { field: at });
    checkKeys(inner, at);
  }
}
