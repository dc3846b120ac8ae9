import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** Where a person's key is entered. A password manager finds a name to keep it under. */
export function KeyField({ value, focus = false }: { readonly value: Signal<string>; readonly focus?: boolean }): VNode {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  return (
    <div class="field">
      <input class="unseen" type="text" name="username" autocomplete="username" value="sojourn-console" readOnly tabIndex={-1} aria-hidden="true" />
      <label for={id}>Operator key</label>
      <input
        id={id}
        ref={input}
        class="mono"
        type="password"
        name="password"
        autocomplete="current-password"
        autocapitalize="off"
        spellcheck={false}
        value={value.value}
        onInput={(change) => (value.value = change.currentTarget.value)}
      />
    </div>
  );
}
