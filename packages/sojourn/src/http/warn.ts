const told = new Set<string>();

/** Tells whoever runs the process, once for each code: as a process warning where there is such a thing, else on the console. */
export function warnOnce(code: string, message: string): void {
  if (told.has(code)) return;
  told.add(code);
  if (typeof process === "object" && typeof process.emitWarning === "function") process.emitWarning(message, { type: "SojournWarning", code });
  // oxlint-disable-next-line no-console -- where there is no process, this is the only way to be heard
  else console.warn(`SojournWarning ${code}: ${message}`);
}
