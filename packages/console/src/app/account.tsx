import type { VNode } from "preact";
import { Icon, type IconName } from "../parts/icons.tsx";
import { Text } from "../parts/text.tsx";
import { time } from "../state/clock.ts";
import { findPerson, logOut, person, thrownOut } from "../state/person.ts";
import { chooseTheme, theme, type Theme } from "../state/theme.ts";
import { tell } from "../state/toasts.ts";
import { clockText } from "../text/times.ts";
import { useEffect } from "preact/hooks";

const themes: Readonly<Record<Theme, { readonly next: Theme; readonly icon: IconName; readonly name: string }>> = {
  system: { next: "light", icon: "auto", name: "Colours as the system has them" },
  light: { next: "dark", icon: "sun", name: "Light colours" },
  dark: { next: "system", icon: "moon", name: "Dark colours" },
};

/** Under this much time left, ms, the page says so loudly. */
const soon = 2 * 60_000;

/** Who is logged in, for how long still, colours, help, and the way out. */
export function Account({ onHelp }: { readonly onHelp: () => void }): VNode {
  const { icon, name, next } = themes[theme.value];
  async function out(): Promise<void> {
    try {
      await logOut();
    } catch (error) {
      tell(`You are still logged in: ${error instanceof Error ? error.message : String(error)}`, "bad");
    }
  }
  return (
    <div class="account">
      <Who />
      <button type="button" class="quiet square" title={`${name}; press for others`} aria-label={`${name}; press for others`} onClick={() => chooseTheme(next)}>
        <Icon name={icon} />
      </button>
      <button type="button" class="quiet square help-button" title="Keys (?)" aria-label="Keys" onClick={onHelp}>
        <Icon name="help" />
      </button>
      <button type="button" class="quiet square" title="Log out" aria-label="Log out" onClick={() => void out()}>
        <Icon name="out" />
      </button>
    </div>
  );
}

function Who(): VNode | null {
  const who = person.value;
  if (who === undefined) return null;
  return (
    <p class="who">
      <span class="who-name">
        <Text of={who.name} />
      </span>
      <span class="who-role">
        {who.role} · <Text of={who.tenant} />
      </span>
      <Left />
    </p>
  );
}

function Left(): VNode {
  const left = (person.value?.expiresAt ?? 0) - time.value;
  const over = left <= 0;
  useEffect(() => {
    // Another window may have lived on meanwhile; only the server knows.
    if (over) void findPerson().then(() => ((person.value?.expiresAt ?? 0) <= Date.now() ? thrownOut() : undefined));
  }, [over]);
  return (
    <span class={left < soon ? "left soon" : "left"} title="Time until your session ends if nothing is done">
      <span class="unseen-text">Session ends in </span>
      {clockText(left)}
    </span>
  );
}

/** Two minutes before the session ends: so, and the way to keep it (WCAG 2.2, 2.2.1). */
export function EndsSoon(): VNode | null {
  const left = (person.value?.expiresAt ?? 0) - time.value;
  if (person.value === undefined || left > soon || left <= 0) return null;
  return (
    <div class="ends-soon" role="status">
      <span>
        Your session ends in <b aria-hidden="true">{clockText(left)}</b>
        <span class="unseen-text">less than two minutes</span> without activity.
      </span>
      <button type="button" class="primary" onClick={() => void findPerson()}>
        Stay logged in
      </button>
    </div>
  );
}
