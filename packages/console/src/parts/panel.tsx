import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";

/** What a panel is made of. */
export interface PanelProps {
  readonly title: string;
  /** At the right of the title. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of a page under a heading. */
export function Panel({ title, aside, class: more, children }: PanelProps): VNode {
  const id = useId();
  return (
    <section class={more === undefined ? "panel" : `panel ${more}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** Facts: a name and what it is, each. */
export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
