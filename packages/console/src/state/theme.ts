import { signal, type ReadonlySignal } from "@preact/signals";
import { keep, kept } from "./kept.ts";

/** As the system says, or as was chosen here. */
export type Theme = "system" | "light" | "dark";

const chosen = signal<Theme>(themeOf(kept("theme")));
const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
dark.addEventListener("change", () => {
  systemDark.value = dark.matches;
});

/** What was chosen. */
export const theme: ReadonlySignal<Theme> = chosen;

/** Whether it is dark now: what is drawn by hand is drawn anew when it changes. */
export function isDark(): boolean {
  return chosen.value === "system" ? systemDark.value : chosen.value === "dark";
}

/** Chooses; kept for the next time. */
export function chooseTheme(to: Theme): void {
  chosen.value = to;
  keep("theme", to === "system" ? undefined : to);
  applyTheme();
}

/** Sets the page to what was chosen. */
export function applyTheme(): void {
  document.documentElement.style.colorScheme = chosen.value === "system" ? "light dark" : chosen.value;
}

function themeOf(text: string | undefined): Theme {
  return text === "light" || text === "dark" ? text : "system";
}
