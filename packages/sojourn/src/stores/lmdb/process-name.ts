import { readFileSync } from "node:fs";

let own: string | undefined;

/** This process, as a name that no other on this machine has or will have: its id, and when it was started if the system tells. */
export function ownProcess(): string {
  return (own ??= `${process.pid}-${lookUp("self")?.started ?? 0}`);
}

/** Whether the process of that name may still do something. Where the system does not tell when a process was started, one that took its id over counts for it. */
export function isRunning(name: string): boolean {
  const [pid, started] = name.split("-").map(Number);
  if (pid === undefined || started === undefined || !(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const found = lookUp(String(pid));
  return found === undefined || (found.started === started && !/[ZXx]/.test(found.state));
}

/** Linux, proc(5): the third field and the 22nd, counted from behind the name, which may contain anything. */
function lookUp(pid: string): { readonly state: string; readonly started: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], Number(fields[19])];
  return state === undefined || !Number.isSafeInteger(started) ? undefined : { state, started };
}
