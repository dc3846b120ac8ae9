import type { VNode } from "preact";
import { visible, visiblePieces } from "../text/visible.ts";

/** A text that did not come from us: its direction stays inside it, and what is unseen in it is written out. */
export function Text({ of, lines = false }: { readonly of: string; readonly lines?: boolean }): VNode {
  return (
    <bdi class={lines ? "foreign lines" : "foreign"}>
      {visiblePieces(of, { lines }).map(({ text, escape }) => (escape ? <span class="escape">{text}</span> : text))}
    </bdi>
  );
}

/** The same where room is short; the whole of it as its title. */
export function Clipped({ of, whole = of }: { readonly of: string; readonly whole?: string }): VNode {
  return (
    <span class="clipped" title={visible(whole)}>
      <Text of={of} />
    </span>
  );
}
