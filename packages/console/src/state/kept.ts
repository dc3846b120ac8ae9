/** What this browser keeps for its user: nothing that is worth anything to somebody else. */
export type KeptName = "theme" | "shortcuts" | "seated";

/** Undefined also where the browser keeps nothing. */
export function kept(name: KeptName): string | undefined {
  try {
    return localStorage.getItem(`sojourn.console.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps it, or forgets it. Where that is not allowed it holds until the page is left. */
export function keep(name: KeptName, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`sojourn.console.${name}`);
    else localStorage.setItem(`sojourn.console.${name}`, value);
  } catch {
    // Storage is blocked.
  }
}
